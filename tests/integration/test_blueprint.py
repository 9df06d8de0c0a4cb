"""The blueprint in blueprints/automation: a report once a day, if there is anything."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
import shutil
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.metering_hub.history.news.events import HistoryEventType
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml

from .conftest import NOW, set_up
from .test_history import HOUR, euro, imported, simulator, wants_history
from .test_history_events import EVENTS

__all__ = ["euro", "simulator", "wants_history"]

FILE = Path(__file__).parents[2] / (
    "blueprints/automation/metering_hub/daily_report.yaml"
)
ZONE = ZoneInfo("Europe/Amsterdam")
AT = (NOW + timedelta(days=1)).astimezone(ZONE).replace(hour=7, minute=30)
"""When the first report is made; NOW is 11:30 in Amsterdam."""


@pytest.fixture(autouse=True)
async def turned_off(hass: HomeAssistant) -> AsyncIterator[None]:
    """Turn the automation off, which leaves a timer otherwise."""
    yield
    if hass.services.has_service(AUTOMATION, SERVICE_TURN_OFF):
        await hass.services.async_call(
            AUTOMATION, SERVICE_TURN_OFF, {ATTR_ENTITY_ID: "all"}, blocking=True
        )


def test_every_type_of_event_can_be_chosen() -> None:
    inputs = load_yaml_dict(FILE)["blueprint"]["input"]
    chosen = inputs["types"]["selector"]["select"]["options"]
    every = [each.value for each in HistoryEventType]
    assert [option["value"] for option in chosen] == every
    assert inputs["types"]["default"] == every


def test_home_assistant_accepts_the_blueprint() -> None:
    """It is one for the oldest Home Assistant that the integration supports."""
    blueprint = Blueprint(
        load_yaml_dict(FILE), expected_domain=AUTOMATION, schema=BLUEPRINT_SCHEMA
    )
    assert blueprint.validate() is None
    oldest = parse_yaml((FILE.parents[3] / "hacs.json").read_text())
    assert isinstance(oldest, dict)
    needed = blueprint.metadata["homeassistant"]["min_version"]
    assert needed == oldest["homeassistant"]


async def automate(
    hass: HomeAssistant, folder: Path, **inputs: object
) -> list[ServiceCall]:
    """Set up an automation of the blueprint; return the notifications to come."""
    hass.config.config_dir = str(folder)
    copied = folder / "blueprints" / AUTOMATION / "metering_hub" / FILE.name
    copied.parent.mkdir(parents=True)
    shutil.copy(FILE, copied)
    use: Mapping[str, object] = {
        "path": f"metering_hub/{FILE.name}",
        "input": {"events": [EVENTS], **inputs},
    }
    config = {AUTOMATION: [{"alias": "Report", "use_blueprint": use}]}
    assert await async_setup_component(hass, AUTOMATION, config)
    await hass.async_block_till_done()
    assert hass.states.async_entity_ids(AUTOMATION) == ["automation.report"]
    return async_mock_service(hass, "persistent_notification", "create")


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
    tmp_path: Path,
) -> None:
    await imported(hass, loaded)
    calls = await automate(hass, tmp_path)
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
    tmp_path: Path,
) -> None:
    """A day without events has none, and a restart loses no event."""
    await imported(hass, loaded)
    calls = await automate(hass, tmp_path)
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
    tmp_path: Path,
) -> None:
    """By the actions that the user chose."""
    await set_up(hass, entry)
    await imported(hass, entry)
    action = {"action": "notify.phone", "data": {"message": "{{ message }}"}}
    unused = await automate(hass, tmp_path, types=["warning"], notify=[action])
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


@pytest.mark.parametrize("key", ["source_url", "description"])
def test_what_an_import_shows(key: str) -> None:
    assert load_yaml_dict(FILE)["blueprint"][key]
