"""A running demo: simulated servers and a real Home Assistant."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
import contextlib
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
import secrets
import sys

import aiohttp

from homeassistant.const import RESTART_EXIT_CODE

from .config import prepare_config
from .dashboard import show_views
from .home_assistant import HomeAssistant
from .price_sensor import import_prices
from .pricing import add_tariffs, wait_for_costs
from .processes import HOST, ROOT, free_port, running
from .progress import say
from .servers import KINDS, Server

START_TIMEOUT = 600
"""Seconds; on its first start, Home Assistant installs requirements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options of a demo.

    `folder` contains all files, which `fresh` deletes first. `backend` is the only
    server besides those of earlier starts, or None for all. `extra` are more options of
    simulators by backend.
    """

    folder: Path = ROOT / ".demo"
    port: int = 8123
    fresh: bool = False
    backend: str | None = None
    edition: str | None = None
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class State:
    """The state that the demo keeps between starts, like Home Assistant its entries.

    `entries` are entry ids by backend, `ports` the ports of their servers, `views` the
    files whose views were added to the dashboard, and `tariffs` the backends whose
    tariffs were added.
    """

    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    entries: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    tariffs: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, file: Path, *, fresh: bool) -> State:
        """Return the state of the last start, or a new one."""
        if fresh or not file.exists():
            return cls()
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def save(self, file: Path) -> None:
        """Write the state to a file."""
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A demo that is ready; `watcher` ends when Home Assistant does.

    `entries` are the ids of the config entries by backend.
    """

    url: str
    api: HomeAssistant
    servers: Sequence[Server]
    entries: Mapping[str, str]
    watcher: asyncio.Task[None]


@contextlib.asynccontextmanager
async def running_demo(wanted: Wanted) -> AsyncIterator[Demo]:
    """Start everything, and wait until all history is imported and shown."""
    port = free_port(wanted.port)
    url = f"http://{HOST}:{port}"
    config, file = wanted.folder / "config", wanted.folder / "state.json"
    prepare_config(config, port, fresh=wanted.fresh)
    state = State.load(file, fresh=wanted.fresh)
    servers = [*_servers(wanted, state)]
    hass = str(Path(sys.executable).with_name("hass"))
    async with AsyncExitStack() as stack:
        for server in servers:
            simulator = running(f"the simulated {server.kind.name}", *server.command)
            await stack.enter_async_context(simulator)
        watcher = await stack.enter_async_context(
            running(
                "Home Assistant",
                *(hass, "--config", str(config)),
                restart_code=RESTART_EXIT_CODE,
            )
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        api = HomeAssistant(session, url)
        say(f"Home Assistant is starting on {url} (the first time takes minutes) ...")
        await asyncio.wait_for(api.wait_until_up(), START_TIMEOUT)
        say("Home Assistant is up.")
        await api.log_in()
        await asyncio.wait_for(api.wait_until_started(), START_TIMEOUT)
        say("Logged in; Home Assistant has started.")
        await import_prices(api)
        for server in servers:
            await _connect(api, state, server)
            state.save(file)
        await api.wait_for_history(len(servers))
        say("The history is imported.")
        await _show(api, state, servers, file)
        yield Demo(
            url=url, api=api, servers=servers, entries=state.entries, watcher=watcher
        )


def _servers(wanted: Wanted, state: State) -> Iterator[Server]:
    """Yield the servers to simulate, each on its last port if that is free.

    The entries of earlier starts need their servers, too.
    """
    for kind in KINDS:
        if wanted.backend in (None, kind.backend) or kind.backend in state.entries:
            extra = kind.edition(wanted.edition)
            yield Server(
                kind,
                free_port(state.ports.get(kind.backend, kind.port)),
                state.secret,
                (*extra, *wanted.extra.get(kind.backend, ())),
            )


async def _connect(api: HomeAssistant, state: State, server: Server) -> None:
    """Add an entry for a server, unless it exists from an earlier start."""
    backend = server.kind.backend
    if (entry_id := state.entries.get(backend)) is None:
        state.entries[backend] = await api.add(server)
        say(f"{server.kind.name} is added.")
    elif state.ports.get(backend) != server.port:
        await api.move(entry_id, server)
        say(f"{server.kind.name} is at another port now.")
    state.ports[backend] = server.port


async def _show(
    api: HomeAssistant, state: State, servers: Sequence[Server], file: Path
) -> None:
    """Add the tariffs and the dashboard, unless that was done at an earlier start.

    What a user has changed or removed since then stays as it is.
    """
    for server in servers:
        if (backend := server.kind.backend) not in state.tariffs:
            await add_tariffs(api, state.entries[backend], server)
            state.tariffs.append(backend)
            state.save(file)
    await wait_for_costs(api, servers)
    say(f"On the Energy dashboard: {', '.join(await api.energy_sources())}.")
    state.views += await show_views(api, servers, known=state.views)
    state.save(file)
