"""The event entity of an entry: each event once, also after a restart."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.news.events import HistoryEventType
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State
from homeassistant.helpers.event import async_track_state_change_event
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Answer, Drop, Fault
from simulators.house import Channel, House, MeterExchange

from .conftest import NOW, Tick, set_up
from .test_history import HOUR, euro, imported, simulator, wants_history
from .test_rejected import FALSE, add_false_zeros

__all__ = ["euro", "simulator", "wants_history"]

EVENTS = "event.electricity_meter_history_events"
MINUTE = timedelta(minutes=1)

type Fired = list[Mapping[str, object]]


@pytest.fixture
def fired(hass: HomeAssistant) -> Iterator[Fired]:
    """Collect the attributes of all events, without those of all of them."""
    events: Fired = []
    seen: set[str] = set()

    def collect(event: Event[EventStateChangedData]) -> None:
        """Keep an event, but not its restoration."""
        new = event.data["new_state"]
        if new is None or new.attributes.get("event_type") is None:
            return
        if new.state not in seen:
            seen.add(new.state)
            events.append(details_of(new))

    stop: Callable[[], None] = async_track_state_change_event(hass, EVENTS, collect)
    yield events
    stop()


def details_of(state: State) -> dict[str, object]:
    """Return what an event says itself."""
    general = {"event_types", "friendly_name", "recent"}
    return {key: state.attributes[key] for key in state.attributes.keys() - general}


def types_of(fired: Fired) -> list[object]:
    """Return the types of events."""
    return [event["event_type"] for event in fired]


async def test_nothing_happens(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick, fired: Fired
) -> None:
    """The import of a clean history and the top-ups after it are no news."""
    await imported(hass, loaded)
    for _ in range(3):
        await tick(3600)
        await imported(hass, loaded)
    assert fired == []
    state = hass.states.get(EVENTS)
    assert state is not None
    assert state.state == "unknown"
    assert {*state.attributes["event_types"]} == {
        *("data_late", "hole_filled", "import_failed", "meter_exchanged"),
        *("reading_rejected", "tariff_changed", "warning"),
    }


async def test_rejected_readings_are_told_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    fired: Fired,
) -> None:
    """Neither another import nor a reload tells them again, but new ones are told."""
    add_false_zeros(simulator)
    await set_up(hass, entry)
    await imported(hass, entry)
    expected = {
        "event_type": "reading_rejected",
        "count": 3,
        "meter": "Low tariff delivered · Electricity meter",
        "time": FALSE[-1].isoformat(),
        "value": 0.0,
        "rule": "excursion",
    }
    assert fired == [expected]
    await tick(300)
    await hass.config_entries.async_reload(entry.entry_id)
    await imported(hass, entry)
    assert fired == [expected]
    newer = FALSE[-1] + 30 * MINUTE
    add_false_zeros(simulator, [*FALSE, newer])
    await tick(300)
    await imported(hass, entry)
    assert fired[1:] == [{**expected, "count": 1, "time": newer.isoformat()}]


async def test_an_exchanged_meter(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    fired: Fired,
) -> None:
    """It is told once it is believed, with the moment at which it began."""
    exchanged = NOW + 10 * MINUTE
    channels = (Channel.DELIVERED_1, Channel.DELIVERED_2)
    simulator.house = House(
        7,
        simulator.house.start,
        exchange=MeterExchange(exchanged, dict.fromkeys(channels, 1_000)),
    )
    await set_up(hass, entry)
    await imported(hass, entry)
    assert fired == []
    for _ in range(24):
        await tick(300)
        await imported(hass, entry)
    assert types_of(fired) == ["meter_exchanged"]
    began = datetime.fromisoformat(str(fired[0]["time"]))
    assert exchanged <= began <= exchanged + 5 * MINUTE
    assert "Normal tariff delivered · Electricity meter" in str(fired[0]["meter"])
    await hass.config_entries.async_reload(entry.entry_id)
    await imported(hass, entry)
    assert len(fired) == 1


async def test_an_exchange_years_ago_is_no_news(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    fired: Fired,
) -> None:
    """The first import finds it, and only tells that the server's own day differs."""
    exchange = MeterExchange(NOW - 50 * HOUR, {Channel.DELIVERED_2: 1_000})
    simulator.house = House(7, simulator.house.start, exchange=exchange)
    await set_up(hass, entry)
    await imported(hass, entry)
    assert [each["event_type"] for each in fired] == ["warning"]
    assert (fired[0]["rule"], fired[0]["count"]) == ("sum_check", 1)


async def test_a_changed_tariff(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    fired: Fired,
) -> None:
    """It is told from when on it applies, but not that time passes."""
    await imported(hass, loaded)
    await tick(24 * 3600)
    await imported(hass, loaded)
    assert fired == []
    simulator.prices = [
        replace(contract, gas_price="2.000000")
        if contract.start.year == 2026
        else contract
        for contract in simulator.prices
    ]
    for _ in range(2):
        await tick(3700)
        await imported(hass, loaded)
    assert fired == [
        {"event_type": "tariff_changed", "start": "2025-12-31T23:00:00+00:00"}
    ]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (Drop(), "There is no connection to the server"),
        (Answer(500), "The server reports a failure of its own (HTTP 500)."),
    ],
)
async def test_a_failing_import_is_told_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    fired: Fired,
    action: Drop | Answer,
    told: str,
) -> None:
    """A retry tells nothing, and the next failure is told again."""
    await imported(hass, loaded)
    for count in (1, 2):
        simulator.faults.add(Fault(action, "dsmrreading"))
        for _ in range(3):
            await tick(3600)
            await imported(hass, loaded)
        assert types_of(fired) == ["import_failed"] * count
        simulator.faults.clear()
        await tick(3600)
        await imported(hass, loaded)
    assert str(fired[0]["reason"]).startswith(told)


async def test_recent_events_are_kept_over_a_reload(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tick: Tick,
    fired: Fired,
) -> None:
    """They are forgotten after two days, and at most 50 are kept."""
    await imported(hass, loaded)
    loaded.runtime_data.history.events.fire(
        HistoryEventType.WARNING, rule="spike", start=NOW
    )
    await hass.async_block_till_done()
    await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    await tick(24 * 3600)
    events = loaded.runtime_data.history.events
    for _ in range(2):
        events.fire(HistoryEventType.WARNING, rule="stale", meter="Gas meter")
    state = hass.states.get(EVENTS)
    assert state is not None
    recent = state.attributes["recent"]
    assert [each["rule"] for each in recent] == ["spike", "stale", "stale"]
    assert recent[0]["start"] == NOW.isoformat()
    await tick(25 * 3600)
    for _ in range(60):
        events.fire(HistoryEventType.WARNING, rule="zero_run", meter="Gas meter")
    state = hass.states.get(EVENTS)
    assert state is not None
    recent = state.attributes["recent"]
    assert {each["rule"] for each in recent} == {"zero_run"}
    assert len(recent) == 50


async def test_without_history_there_are_no_events(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The entity is removed, and comes back with the history."""
    for wants in (False, True):
        hass.config_entries.async_update_entry(
            loaded, options={**loaded.options, "history": wants}
        )
        await hass.config_entries.async_reload(loaded.entry_id)
        await imported_or_not(hass, loaded)
        assert (hass.states.get(EVENTS) is not None) is wants


async def imported_or_not(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait for the import of an entry that may have none."""
    if entry.runtime_data.history is not None:
        await imported(hass, entry)


async def test_memory_is_removed_with_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, object]
) -> None:
    """No file is left."""
    await imported(hass, loaded)
    stored = f"metering_hub.{loaded.entry_id}.news"
    assert stored in hass_storage
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert stored not in hass_storage
