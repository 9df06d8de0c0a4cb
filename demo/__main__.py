"""Run simulators and a real Home Assistant that shows them; see script/demo."""

import argparse
import asyncio
from collections.abc import Sequence
import contextlib
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
import secrets
import signal
import sys

import aiohttp

from .check import check
from .config import prepare_config
from .home_assistant import HomeAssistant
from .processes import HOST, ROOT, free_port, running
from .progress import say
from .servers import KINDS, Kind, Server

DEMO = ROOT / ".demo"
CONFIG = DEMO / "config"
STATE = DEMO / "state.json"
START_TIMEOUT = 600
"""Seconds; the first start fetches what Home Assistant's own parts require."""


@dataclass
class State:
    """What is kept from one start to the next, as Home Assistant keeps its entries.

    `entries` are entry ids by backend, `ports` where their servers listened.
    """

    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    entries: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, *, fresh: bool) -> State:
        """Return the state of last time, or a new one."""
        if fresh or not STATE.exists():
            return cls()
        return cls(**json.loads(STATE.read_text(encoding="utf-8")))

    def save(self) -> None:
        """Keep the state."""
        DEMO.mkdir(exist_ok=True)
        STATE.write_text(json.dumps(asdict(self)), encoding="utf-8")


def options() -> argparse.Namespace:
    """Return what a person asked for."""
    parser = argparse.ArgumentParser(description="A demo of Metering Hub.")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--backend", choices=[kind.backend for kind in KINDS])
    parser.add_argument(
        "--edition", choices=sorted({each for kind in KINDS for each in kind.editions})
    )
    return parser.parse_args()


async def connect(api: HomeAssistant, state: State, servers: Sequence[Server]) -> None:
    """Add an entry for each server, unless it is there from last time."""
    for server in servers:
        backend = server.kind.backend
        if (entry_id := state.entries.get(backend)) is None:
            state.entries[backend] = await api.add(server)
            say(f"{server.kind.name} is added.")
        elif state.ports.get(backend) != server.port:
            await api.move(entry_id, server)
            say(f"{server.kind.name} is at another port now.")
        state.ports[backend] = server.port
        state.save()


def chosen_kinds(backend: str | None) -> list[Kind]:
    """Return the servers to simulate: one, or all."""
    return [kind for kind in KINDS if backend in (None, kind.backend)]


async def main() -> None:
    """Start everything, print the address, and wait for Ctrl-C."""
    arguments = options()
    # A closed terminal or `kill` must not leave Home Assistant running alone.
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    port = free_port(arguments.port)
    url = f"http://{HOST}:{port}"
    prepare_config(CONFIG, port, fresh=arguments.fresh)
    state = State.load(fresh=arguments.fresh)
    servers = [
        Server(
            kind,
            free_port(state.ports.get(kind.backend, kind.port)),
            state.secret,
            kind.edition(arguments.edition),
        )
        for kind in chosen_kinds(arguments.backend)
    ]
    hass = str(Path(sys.executable).with_name("hass"))
    async with AsyncExitStack() as stack:
        for server in servers:
            simulator = running(f"the simulated {server.kind.name}", *server.command)
            await stack.enter_async_context(simulator)
        watcher = await stack.enter_async_context(
            running("Home Assistant", hass, "--config", str(CONFIG))
        )
        api = HomeAssistant(
            await stack.enter_async_context(aiohttp.ClientSession()), url
        )
        say(f"Home Assistant is starting on {url} (the first time takes minutes) ...")
        await asyncio.wait_for(api.wait_until_up(), START_TIMEOUT)
        say("Home Assistant is up.")
        await api.log_in()
        await asyncio.wait_for(api.wait_until_started(), START_TIMEOUT)
        say("Logged in; Home Assistant has started.")
        await connect(api, state, servers)
        await api.wait_for_history(len(servers))
        say("The history is imported.")
        say(f"On the Energy dashboard: {', '.join(await api.energy_sources())}.")
        if arguments.check:
            sys.exit(0 if await check(api, servers) else "demo: the history is wrong")
        say(f"Ready: open {url} - Ctrl-C ends the demo.")
        await watcher


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
