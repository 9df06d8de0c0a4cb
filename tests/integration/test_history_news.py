"""Events about the quality of hours: data that are late, and holes that are filled."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.news.news import HistoryNews
from custom_components.metering_hub.history.outcome import Outcome
from custom_components.metering_hub.history.quality.memory import QualityMemory
from custom_components.metering_hub.history.quality.report import (
    MeterQuality,
    QualityReport,
)
from custom_components.metering_hub.history.scope import make_scope
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.metering.quality import HOUR_QUALITIES, HourCodes
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .conftest import NOW, Tick
from .test_history import HOUR, euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

LOW, GAS = "electricity_delivered_1", "gas"
LETTERS = {each.letter: code for code, each in enumerate(HOUR_QUALITIES)}
START = (NOW - timedelta(days=20)).replace(minute=0)
"""Before anything that the simulated server has."""


def measured(name: str, latest: datetime) -> MeterQuality:
    """Return a meter with one measured hour."""
    return MeterQuality(
        name=name,
        hours=1,
        measured=1,
        estimated=0,
        held=0,
        missing=0,
        unknown=0,
        latest=latest,
    )


class World:
    """The news of a loaded entry, with qualities that a test decides."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, scope: Scope
    ) -> None:
        """Initialize with the points of the entry, and listen to the events."""
        self.scope = scope
        self.qualities = QualityMemory.of(hass, "of_a_test")
        history = entry.runtime_data.history
        self.news = HistoryNews(
            hass,
            "of_a_test",
            history._importer,
            self.qualities,
            timedelta(minutes=15),
        )
        self.fired: list[dict[str, object]] = []
        self.news.events.listen(
            lambda event_type, details: self.fired.append(
                {"type": event_type.value, **details}
            )
        )

    def put(self, key: str, letters: str) -> None:
        """Give the hours from START on a quality each."""
        codes = bytes(LETTERS[letter] for letter in letters)
        self.qualities.put(key, [HourCodes(START.timestamp(), codes)])

    async def run(self, ages: Iterable[tuple[str, int]] = (), **news: str) -> None:
        """Import these qualities; the data of meters are so many hours old."""
        await self.news.async_begin(self.scope)
        for key, letters in news.items():
            self.put(key, letters)
        now = dt_util.utcnow()
        report = QualityReport(
            meters={key: measured(key.title(), now - age * HOUR) for key, age in ages}
        )
        await self.news.async_tell(self.scope, Outcome(), report)


@pytest.fixture
async def world(hass: HomeAssistant, loaded: MockConfigEntry) -> AsyncIterator[World]:
    """Return the news of an entry that is imported."""
    await imported(hass, loaded)
    history = loaded.runtime_data.history
    scope = await make_scope(
        hass,
        loaded,
        [*history.points.values()],
        prefix=history.prefix,
        zone=history.backend.time_zone,
    )
    world = World(hass, loaded, scope)
    yield world
    await world.qualities.async_close()


async def test_a_hole_is_filled(world: World) -> None:
    """It is told once, with the hours of all meters together."""
    await world.run(electricity_delivered_1="MXXXM", gas="MLLMM")
    assert world.fired == []
    await world.run(electricity_delivered_1="MMMXM", gas="MMMMM")
    await world.run()
    assert world.fired == [
        {
            "type": "hole_filled",
            "hours": 2,
            "meter": f"{world.scope.names[LOW]}; {world.scope.names[GAS]}",
            "start": START + HOUR,
            "end": START + 3 * HOUR,
        }
    ]


async def test_data_are_late_and_come(world: World, tick: Tick) -> None:
    """Late data are told once, and the hours that come in the end are a filled hole."""
    await world.run([(LOW, 0), (GAS, 1)], gas="MMU")
    await world.run([(LOW, 0), (GAS, 6)])
    assert world.fired == []
    for _ in range(2):
        await world.run([(LOW, 0), (GAS, 8)])
    assert world.fired == [
        {
            "type": "data_late",
            "meter": "Gas",
            "latest": dt_util.utcnow() - 8 * HOUR,
            "hours": 8,
        }
    ]
    world.fired.clear()
    await world.run([(LOW, 0), (GAS, 0)], gas="MMM")
    assert [(each["type"], each["hours"]) for each in world.fired] == [
        ("hole_filled", 1)
    ]
    world.fired.clear()
    await world.run([(LOW, 7), (GAS, 7)])
    assert [each["meter"] for each in world.fired] == [f"{LOW.title()}; Gas"]


async def test_a_restart_tells_nothing_again(
    hass: HomeAssistant, loaded: MockConfigEntry, world: World
) -> None:
    """What was late before is late after it."""
    await world.run([(GAS, 0)])
    await world.run([(GAS, 8)])
    again = World(hass, loaded, world.scope)
    await again.run([(GAS, 9)])
    assert again.fired == []
    await again.run([(GAS, 0)])
    await again.run([(GAS, 8)])
    assert [each["type"] for each in again.fired] == ["data_late"]


async def test_points_that_are_gone_are_forgotten(
    world: World, hass_storage: dict[str, dict[str, dict[str, object]]]
) -> None:
    """The memory is bounded by what is imported."""
    await world.run([(GAS, 0), ("gone", 0)])
    stored = hass_storage["metering_hub.of_a_test.news"]["data"]
    assert {*stored["lateness"]} == {GAS}
    assert {LOW, GAS} <= {*stored["exchanged"]}
