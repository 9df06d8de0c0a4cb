"""A real Home Assistant in this process, and what a user does in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, cast

import aiohttp

import custom_components
from demo.config import prepare_config
from demo.processes import HOST, ROOT, free_port, running
from demo.servers import KINDS, Server
from homeassistant import bootstrap, config_entries
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.const import ATTR_RESTORED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.runner import RuntimeConfig, create_event_loop
from simulators.server import NUMBER

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry

SECRET = "simulated-secret"  # noqa: S105  It opens nothing but a simulator.
FLOOR = ROOT / "benchmarks" / "bench_floor"
_LONGEST_RELOAD = config_entries.RELOAD_AFTER_UPDATE_DELAY + 60


def run[Result](work: Callable[[], Awaitable[Result]]) -> Result:
    """Run some work in an event loop like Home Assistant's."""

    async def main() -> Result:
        """Await the work, which may be any awaitable."""
        return await work()

    with asyncio.Runner(loop_factory=create_event_loop) as runner:
        return runner.run(main())


@contextlib.asynccontextmanager
async def home(yaml: str = "") -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant with a recorder on disk, and `yaml` in its configuration."""
    folder = await asyncio.to_thread(_prepare, yaml)
    try:
        hass = await bootstrap.async_setup_hass(RuntimeConfig(config_dir=str(folder)))
        if hass is None:
            raise RuntimeError("Home Assistant does not start")
        await hass.async_start()
        await hass.async_block_till_done()
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)
    finally:
        await asyncio.to_thread(rmtree, folder)


def _prepare(yaml: str) -> Path:
    """Make a folder with a configuration and the integrations, and return it."""
    folder = Path(mkdtemp(prefix="metering-hub-bench-"))
    prepare_config(folder, free_port(0), fresh=False)
    components = folder / "custom_components"
    (components / "bench_floor").symlink_to(FLOOR)
    # Some rows have imported the package, and Home Assistant looks where it is found.
    custom_components.__path__.insert(0, str(components))
    with (folder / "configuration.yaml").open("a", encoding="utf-8") as file:
        file.write(yaml)
    return folder


@contextlib.asynccontextmanager
async def simulator(backend: str, *options: str) -> AsyncIterator[Server]:
    """Run a simulated server in another process, with its own options."""
    kind = next(kind for kind in KINDS if kind.backend == backend)
    server = Server(kind, free_port(0), SECRET, options)
    async with running(kind.name, *server.command):
        await _wait_for(server)
        yield server


async def _wait_for(server: Server) -> None:
    """Wait until a server responds."""
    async with aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://{HOST}:{server.port}/"):
                    return
            await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Form:
    """The last form of a config flow, filled in and ready to be submitted."""

    flow_id: str
    values: Mapping[str, object]


async def offer(hass: HomeAssistant, server: Server, **choices: object) -> Form:
    """Fill in the forms for a server; history is off unless it is in `choices`."""
    flows = hass.config_entries.flow
    step = await flows.async_init("metering_hub", context={"source": SOURCE_USER})
    flow_id = step["flow_id"]
    await flows.async_configure(flow_id, {"next_step_id": server.kind.backend})
    step = await flows.async_configure(flow_id, dict(server.form))
    while step.get("step_id") == "discover":
        await asyncio.sleep(0.1)
        step = await flows.async_configure(flow_id)
    if step.get("step_id") != "selection":
        raise RuntimeError(f"{server.kind.name}: {step.get('errors') or step}")
    plain = {"history": False, "energy_dashboard": False}
    return Form(flow_id, _defaults(step) | plain | choices)


async def confirm(hass: HomeAssistant, form: Form) -> MeteringHubConfigEntry:
    """Submit the last form, and wait until the entry is set up."""
    step = await hass.config_entries.flow.async_configure(
        form.flow_id, dict(form.values)
    )
    if not isinstance(entry := step.get("result"), ConfigEntry):
        raise TypeError(f"no entry: {step.get('errors') or step}")
    await hass.async_block_till_done()
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"{entry.title}: the entry is {entry.state}")
    return cast("MeteringHubConfigEntry", entry)


async def add(
    hass: HomeAssistant, server: Server, **choices: object
) -> MeteringHubConfigEntry:
    """Add an entry through the config flow."""
    return await confirm(hass, await offer(hass, server, **choices))


def _defaults(step: Mapping[str, object]) -> dict[str, object]:
    """Return the default values of a form."""
    schema = cast("Mapping[object, object]", getattr(step["data_schema"], "schema", {}))
    return {
        str(field): default()
        for field in schema
        if callable(default := getattr(field, "default", None))
    }


def numbers(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> list[er.RegistryEntry]:
    """Return the numeric sensors of an entry.

    Enabled sensors come first, and then those with the shortest poll interval.
    """
    from custom_components.metering_hub.identifiers import point_unique_id  # noqa: PLC0415  Home Assistant first.

    intervals = {
        point_unique_id(entry, key): point.poll_interval or timedelta()
        for key, point in entry.runtime_data.inventory.data.points.items()
    }
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    found = [
        entity
        for entity in entities
        if entity.domain == "sensor" and "state_class" in (entity.capabilities or {})
    ]
    return sorted(
        (entity for entity in found if entity.unique_id in intervals),
        key=lambda entity: (
            entity.disabled,
            intervals[entity.unique_id],
            entity.entity_id,
        ),
    )


def shown(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> list[er.RegistryEntry]:
    """Return the numeric sensors of an entry that have a state, in a fixed order."""
    return [
        entity
        for entity in numbers(hass, entry)
        if (state := hass.states.get(entity.entity_id))
        # A sensor that was just enabled has a restored state until the next set-up.
        and not state.attributes.get(ATTR_RESTORED)
    ]


def _shows(hass: HomeAssistant, entry: MeteringHubConfigEntry, count: int) -> bool:
    """Return True if an entry is set up and has at least `count` numeric sensors."""
    return entry.state is ConfigEntryState.LOADED and len(shown(hass, entry)) >= count


async def keep(hass: HomeAssistant, entry: MeteringHubConfigEntry, count: int) -> None:
    """Enable `count` numeric sensors of an entry, and disable its other entities."""
    kept = {entity.entity_id for entity in numbers(hass, entry)[:count]}
    if len(kept) < count:
        raise RuntimeError(f"only {len(kept)} sensors of {count}")
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        is_kept = entity.entity_id in kept
        if is_kept is entity.disabled:
            registry.async_update_entity(
                entity.entity_id,
                disabled_by=None if is_kept else er.RegistryEntryDisabler.USER,
            )
    # Home Assistant reloads the entry some time after an entity was enabled.
    async with asyncio.timeout(_LONGEST_RELOAD):
        while not _shows(hass, entry, count):  # noqa: ASYNC110  No event reports it.
            await asyncio.sleep(0.1)
    await hass.async_block_till_done()


async def poll(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Poll all points once, and wait until the states are written."""
    readings = entry.runtime_data.readings
    readings.reset_schedule()
    await readings.async_refresh()
    await hass.async_block_till_done()


def written(hass: HomeAssistant, since: float) -> int:
    """Return the number of states written since a moment (epoch seconds)."""
    return sum(
        state.last_reported_timestamp >= since for state in hass.states.async_all()
    )


async def answers(server: Server) -> int:
    """Return how many requests a simulator has answered, including this one."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{HOST}:{server.port}/") as response,
    ):
        return int(response.headers[NUMBER])
