"""The blueprint that reports once a day, if there is anything."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.metering_hub.history.news.events import HistoryEventType
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.util.yaml import load_yaml_dict

from ..conftest import NOW, set_up
from ..test_history import HOUR, euro, imported, simulator, wants_history
from ..test_history_events import EVENTS
from .conftest import FOLDER, Automate

__all__ = ["euro", "simulator", "wants_history"]

ZONE = ZoneInfo("Europe/Amsterdam")
AT = (NOW + timedelta(days=1)).astimezone(ZONE).replace(hour=7, minute=30)
"""When the first report is made; NOW is 11:30 in Amsterdam."""


def test_every_type_of_event_can_be_chosen() -> None:
    inputs = load_yaml_dict(FOLDER / "daily_report.yaml")["blueprint"]["input"]
    chosen = inputs["types"]["selector"]["select"]["options"]
    every = [each.value for each in HistoryEventType]
    assert [option["value"] for option in chosen] == every
    assert inputs["types"]["default"] == every


async def report(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, days: int = 0
) -> None:
    """Let it be the time of a report."""
    freezer.move_to(AT + timedelta(days=days, milliseconds=300))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def lines(calls: Sequence[ServiceCall]) -> list[str]:
    """Return the lines of the only notification."""
    (call,) = calls
    assert call.data["title"] == "Metering Hub"
    return str(call.data["message"]).splitlines()


async def test_a_day_with_every_event(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
) -> None:
    await imported(hass, loaded)
    calls = await automate("daily_report", {"events": [EVENTS]})
    fire = loaded.runtime_data.history.events.fire
    end = NOW + 2 * HOUR
    fire(HistoryEventType.IMPORT_FAILED, reason="the server does not answer")
    fire(
        HistoryEventType.READING_REJECTED,
        count=3,
        meter="Gas",
        time=NOW,
        value=0.0,
        rule="capacity",
    )
    fire(HistoryEventType.METER_EXCHANGED, meter="Gas", time=NOW)
    fire(HistoryEventType.TARIFF_CHANGED, start=NOW)
    fire(HistoryEventType.DATA_LATE, meter="Gas", latest=NOW, hours=7)
    fire(HistoryEventType.HOLE_FILLED, meter="Gas", hours=1, start=NOW, end=end)
    fire(HistoryEventType.WARNING, meter="Gas", rule="spike", start=NOW, end=end)
    await report(hass, freezer)
    when = "2026-11-21 11:30"
    span = f"{when} to 2026-11-21 13:30"
    assert lines(calls) == [
        f"- 11:30 Electricity meter: {text}"
        for text in (
            "The import failed: the server does not answer",
            f"3 readings were rejected, the newest of Gas, {when}: 0.0 (capacity)",
            f"A new meter counts since {when}: Gas",
            f"The tariff has changed from {when} on",
            "Data are 7 hours late: Gas",
            f"1 hour that was missing or estimated is measured now: Gas, {span}",
            f"Warning (spike): Gas, {span}",
        )
    ]


async def test_each_event_is_in_one_report(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
) -> None:
    """A day without events has none, and a restart loses no event."""
    await imported(hass, loaded)
    calls = await automate("daily_report", {"events": [EVENTS]})
    loaded.runtime_data.history.events.fire(
        HistoryEventType.DATA_LATE, meter="Gas", latest=NOW, hours=7
    )
    await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    await report(hass, freezer)
    assert len(lines(calls)) == 1
    calls.clear()
    await report(hass, freezer, days=1)
    assert not calls


async def test_only_the_chosen_types_are_told(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
) -> None:
    """By the actions that the user chose."""
    await set_up(hass, entry)
    await imported(hass, entry)
    action = {"action": "notify.phone", "data": {"message": "{{ message }}"}}
    inputs = {"events": [EVENTS], "types": ["warning"], "notify": [action]}
    unused = await automate("daily_report", inputs)
    calls = async_mock_service(hass, "notify", "phone")
    fire = entry.runtime_data.history.events.fire
    fire(HistoryEventType.DATA_LATE, meter="Gas", latest=NOW, hours=7)
    await report(hass, freezer)
    assert not calls
    entry.runtime_data.history.events.fire(
        HistoryEventType.WARNING, meter="Gas", rule="stale"
    )
    await report(hass, freezer, days=1)
    (call,) = calls
    assert call.data["message"].endswith("Warning (stale): Gas")
    assert not unused
