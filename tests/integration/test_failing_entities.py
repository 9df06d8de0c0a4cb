"""One entity, point or listener that fails keeps no other from its news."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.news.events import (
    HistoryEvents,
    HistoryEventType,
)
from custom_components.metering_hub.history.progress import Progress
from custom_components.metering_hub.sensor import entry_sensors
from custom_components.metering_hub.sensor.point_sensors import PointSensor
from homeassistant.components.sensor import SensorEntity
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House

from .conftest import API_KEY, NOW, Tick, set_up, shown

POWER = "sensor.electricity_meter_power_delivered"
PROGRESS = "sensor.electricity_meter_history_import"


class BrokenError(Exception):
    """What nobody expects."""


class Breakage:
    """Breaks a method of the entities with an id, as long as it is on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_on = True
        self._monkeypatch = monkeypatch

    def breaks(self, owner: type, name: str, entity_id: str) -> None:
        whole: Callable[[Entity], object] = getattr(owner, name)

        def broken(entity: Entity) -> object:
            if self.is_on and entity.entity_id == entity_id:
                raise BrokenError
            return whole(entity)

        self._monkeypatch.setattr(owner, name, broken)


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with two days of history."""
    start = (NOW - timedelta(hours=48)).replace(minute=0)
    return DsmrReaderSimulator(House(7, start), api_key=API_KEY, clock=dt_util.utcnow)


@pytest.fixture
def breakage(monkeypatch: pytest.MonkeyPatch) -> Breakage:
    """Return what breaks entities."""
    return Breakage(monkeypatch)


def states(hass: HomeAssistant) -> dict[str, str]:
    """Return the states of all entities but those of the history, by entity id."""
    return {
        state.entity_id: state.state
        for state in hass.states.async_all(("sensor", "binary_sensor"))
    }


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the errors in the log."""
    return [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]


async def test_an_entity_fails_at_updates(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    breakage: Breakage,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is unavailable and logged once, the others are shown; then it is back."""
    breakage.breaks(PointSensor, "_update_from_reading", POWER)
    before = states(hass)
    for seconds in (10, 10, 60):
        await tick(seconds)
        now = states(hass)
        assert [key for key in now if now[key] == STATE_UNAVAILABLE] == [POWER]
    assert sum(now[key] != before[key] for key in now) >= 2
    assert len(now) >= 14
    assert reports(caplog) == [f"The entity {POWER} failed; the others go on"]
    assert "BrokenError" in caplog.text
    breakage.is_on = False
    await tick(10)
    assert STATE_UNAVAILABLE not in states(hass).values()
    breakage.is_on = True
    await tick(10)
    assert len(reports(caplog)) == 2


async def test_an_entity_fails_when_it_is_added(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    breakage: Breakage,
    tick: Tick,
) -> None:
    """It is added as unavailable, and shown as soon as it works."""
    breakage.breaks(PointSensor, "_update_from_reading", POWER)
    await set_up(hass, entry)
    now = states(hass)
    assert [key for key in now if now[key] == STATE_UNAVAILABLE] == [POWER]
    breakage.is_on = False
    await tick(10)
    assert float(shown(hass, POWER)) >= 0


async def test_a_state_fails(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A state that Home Assistant refuses is unavailable, at first and later."""
    whole = SensorEntity.state.fget
    is_on = True

    def refused(entity: SensorEntity) -> object:
        if is_on and entity.entity_id == POWER:
            raise ValueError("not a number")
        return whole(entity)

    monkeypatch.setattr(SensorEntity, "state", property(refused))
    await set_up(hass, entry)
    await tick(10)
    now = states(hass)
    assert [key for key in now if now[key] == STATE_UNAVAILABLE] == [POWER]
    assert reports(caplog) == [f"The entity {POWER} failed; the others go on"]
    is_on = False
    await tick(10)
    assert float(shown(hass, POWER)) >= 0


async def test_an_entity_cannot_be_made(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A point of which no entity can be made is left out, and logged."""
    whole = PointSensor.__init__

    def broken(self: PointSensor, coordinator: object, point: object) -> None:
        if point.key == "electricity_currently_delivered":  # type: ignore[attr-defined]
            raise BrokenError
        whole(self, coordinator, point)  # type: ignore[arg-type]

    await set_up(hass, entry)
    count = len(states(hass))
    monkeypatch.setattr(PointSensor, "__init__", broken)
    assert await hass.config_entries.async_reload(entry.entry_id)
    now = states(hass)
    assert len(now) == count
    assert len([key for key in now if now[key] == STATE_UNAVAILABLE]) <= 1
    assert reports(caplog) == ["A new sensor failed; the others go on"]


class TestHistory:
    """What is told of the history."""

    @pytest.fixture
    def wants_history(self) -> bool:
        """Import history."""
        return True

    async def test_a_sensor_of_the_history_fails(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """A sensor whose value fails is unavailable; the import goes on."""
        history = loaded.runtime_data.history
        await history.async_refresh()
        quality = "sensor.electricity_meter_data_quality"
        sensors = [e for e in entry_sensors.HISTORY_SENSORS if e.key == "data_quality"]

        def broken(progress: Progress) -> float:
            raise BrokenError

        value = sensors[0].value_fn
        object.__setattr__(sensors[0], "value_fn", broken)
        try:
            history.async_show(Progress(rows=1, percent=50.0))
            history.async_show(Progress(rows=2, percent=60.0))
            await hass.async_block_till_done()
            assert shown(hass, PROGRESS) == "60.0"
            assert shown(hass, quality) == STATE_UNAVAILABLE
        finally:
            object.__setattr__(sensors[0], "value_fn", value)
        assert reports(caplog) == [f"The entity {quality} failed; the others go on"]
        history.async_show(Progress(rows=3, percent=70.0))
        assert shown(hass, quality) != STATE_UNAVAILABLE


def test_a_listener_to_events_fails(caplog: pytest.LogCaptureFixture) -> None:
    """The listeners behind it are told, and it is logged once until it works."""
    events, told, is_broken = HistoryEvents(), list[object](), True

    def broken(event_type: HistoryEventType, details: object) -> None:
        if is_broken:
            raise BrokenError

    stop = events.listen(broken)
    events.listen(lambda event_type, details: told.append(event_type))
    events.fire(HistoryEventType.DATA_LATE)
    events.fire(HistoryEventType.WARNING)
    assert told == [HistoryEventType.DATA_LATE, HistoryEventType.WARNING]
    assert len(reports(caplog)) == 1
    is_broken = False
    events.fire(HistoryEventType.WARNING)
    is_broken = True
    events.fire(HistoryEventType.WARNING)
    assert len(reports(caplog)) == 2
    stop()
    events.fire(HistoryEventType.WARNING)
    assert len(told) == 5


async def test_a_listener_to_the_inventory_fails(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What follows the inventory is told all the same, and it is logged once."""
    inventory, told = loaded.runtime_data.inventory, list[int]()

    def broken() -> None:
        raise BrokenError

    remove = [inventory.async_add_listener(broken)]
    remove.append(inventory.async_add_listener(lambda: told.append(1)))
    await inventory.async_refresh()
    await inventory.async_refresh()
    for each in remove:
        each()
    assert told == [1, 1]
    assert len(reports(caplog)) == 1
