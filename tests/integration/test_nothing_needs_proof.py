"""A server that answers nonsense during the first import does not seem to be empty."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from simulators.bemserver import BemserverSimulator
from simulators.besmart import HOUSE_MID, BesmartSimulator
from simulators.faults import Answer, Fault

from .conftest import NOW, Tick, finish_tasks, set_up
from .four_servers import DOMAIN, Simulator, connections, serving, simulators
from .test_history import euro, recorded
from .test_history_actions import call

__all__ = ["euro"]

JSON = "application/json"

SHAPES = {
    "404": Answer(404, "<h1>Not Found</h1>"),
    "null": Answer(200, "null", JSON),
    "object": Answer(200, "{}", JSON),
    "list": Answer(200, "[]", JSON),
}

WRAPPED = {
    "null": Answer(200, '{"status": "Success"}', JSON),
    "object": Answer(200, '{"status": "Success", "data": {}}', JSON),
    "list": Answer(200, '{"status": "Success", "data": []}', JSON),
}
"""The same inside the envelope of a Beaver IoT."""

PATHS = {
    "bemserver": ("/timeseries_data/stats", "/timeseries_data/"),
    "besmart": ("signals/",),
    "dsmr_reader": ("datalogger/dsmrreading", "statistics/day"),
    "milesight": ("entity/history/search",),
}

CASES = [
    pytest.param(backend, path, answer, id=f"{backend}-{path}-{shape}")
    for backend, paths in PATHS.items()
    for path in paths
    for shape, answer in SHAPES.items()
] + [
    pytest.param(
        "milesight", PATHS["milesight"][0], answer, id=f"milesight-data-{shape}"
    )
    for shape, answer in WRAPPED.items()
]


@dataclass
class World:
    """A simulator and the entry that is set up, whose import has not begun."""

    simulator: Simulator
    entry: MockConfigEntry

    @property
    def state(self) -> str:
        """Return the state of the import."""
        return str(self.entry.runtime_data.history.data.state)


def reduce(simulator: Simulator) -> None:
    """Leave few series of a server, because importing takes long."""
    if isinstance(simulator, BemserverSimulator):
        for number in simulator.world.series.keys() - {1, 13, 16}:
            simulator.world.delete_series(number)
    if isinstance(simulator, BesmartSimulator):
        simulator.sensors = [simulator.sensor(HOUSE_MID)]
        simulator.sensors[0].signals = (32, 34)


@pytest.fixture
async def world(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, backend: str
) -> AsyncIterator[World]:
    """Serve a simulator and set up its entry while Home Assistant is starting."""
    simulator = simulators(NOW)[backend]
    reduce(simulator)
    hass.set_state(CoreState.starting)
    async with serving(hass, freezer, {backend: simulator}) as hosts:
        host = hosts[backend]
        data = connections(dict.fromkeys(PATHS, host))[backend]
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=backend,
            unique_id=f"{backend}:first",
            data={"backend": backend, **data},
            options={
                "devices": [],
                "known_devices": [],
                "new_devices": True,
                "history": True,
            },
        )
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        yield World(simulator, entry)


async def start(hass: HomeAssistant) -> None:
    """Let Home Assistant have started, which begins the import, and await its end."""
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await finish_tasks(hass)


@pytest.mark.parametrize(("backend", "path", "answer"), CASES)
async def test_first_import_from_a_server_that_answers_nonsense(
    hass: HomeAssistant, world: World, path: str, answer: Answer, tick: Tick
) -> None:
    """It is a failure, and the next tick imports the complete history."""
    world.simulator.faults.add(Fault(answer, path=path))
    await start(hass)
    assert world.state == "failed"
    assert not await recorded(hass, world.entry)
    world.simulator.faults.clear()
    await tick(900)
    assert world.state == "up_to_date"
    healed = await recorded(hass, world.entry)
    assert healed
    await call(hass, "clear_history", world.entry, confirm=True)
    await call(hass, "import_history", world.entry)
    await finish_tasks(hass)
    assert healed == await recorded(hass, world.entry)
