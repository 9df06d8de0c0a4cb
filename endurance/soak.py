"""Run Home Assistant with four failing servers for long, and see that it stays flat."""

import asyncio
from collections.abc import Mapping, Sequence
import contextlib
from contextlib import AsyncExitStack
import json
from pathlib import Path
import time

import aiohttp

from demo.progress import say

from .flatness import course
from .home import Home, make_template
from .person import log_in_again, log_in_when_asked
from .reading import wait_until_up_to_date
from .samples import LIMITS, Sample, Sampler
from .simulated import SECRET, Simulated, simulated
from .trouble import make_trouble

EVERY = 60.0
"""Seconds between two samples."""

SETTLING = 600.0
"""Seconds within which all that was available is so again after the last fault."""

SIZES: Mapping[int, Mapping[str, Sequence[str]]] = {
    1000: {
        "besmart": ("--meters", "30", "--years", "0.03"),
        "bemserver": ("--series", "420", "--years", "0.03"),
        "dsmr_reader": (
            "--years",
            "0.1",
        ),
        "milesight": ("--devices", "60", "--days", "15"),
    },
    5000: {
        "besmart": ("--meters", "60", "--years", "0.01"),
        "bemserver": ("--series", "900", "--years", "0.01"),
        "dsmr_reader": (
            "--years",
            "0.1",
        ),
        "milesight": ("--devices", "450", "--days", "2"),
    },
}
"""The options of the servers by about how many entities they have together."""


async def soak(
    folder: Path, minutes: float, entities: int, seed: int, *, calm: bool
) -> list[str]:
    """Run for some minutes; return what is wrong.

    With `calm` no server fails, which tells what a fault adds.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        template = await make_template(folder / "template", session)
        servers = [
            await stack.enter_async_context(simulated(backend, options))
            for backend, options in SIZES[entities].items()
        ]
        home = Home(folder / "home", session)
        home.prepare(template)
        stack.push_async_callback(home.kill)
        await home.start()
        entries = await _add(home, servers)
        usual, samples = await _watch(
            home, entries, minutes, None if calm else f"soak {seed}"
        )
        wrong = await _left(home, entries, usual)
        await home.stop()
    (folder / "samples.json").write_text(
        json.dumps([{name: getattr(each, name) for name in LIMITS} for each in samples])
    )
    return [*wrong, *_in_log(home), *_table(samples)]


async def _add(home: Home, servers: Sequence[Simulated]) -> dict[str, Simulated]:
    """Add an entry for each server, one after the other; return them by entry id."""
    sampler = Sampler(home)
    say(f"empty: {await sampler.sample()}")
    entries = {}
    for number, server in enumerate(servers, start=1):
        entries[await home.api.add(server.server)] = server
        await wait_until_up_to_date(home.api, number, longest=3600)
        say(f"{server.server.kind.name}: {await sampler.sample()}")
    return entries


async def _watch(
    home: Home, entries: Mapping[str, Simulated], minutes: float, seed: str | None
) -> tuple[Sample, list[Sample]]:
    """Sample each minute while servers fail; return the first sample and all."""
    sampler = Sampler(home)
    await sampler.sample()
    usual = await sampler.sample()
    say(f"begin: {usual}")
    samples: list[Sample] = []
    async with asyncio.TaskGroup() as group:
        others = [
            group.create_task(make_trouble(server, seed))
            for server in entries.values()
            if seed is not None
        ]
        others.append(group.create_task(log_in_when_asked(home.api, entries)))
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < minutes * 60:
            await asyncio.sleep(EVERY - now % EVERY)
            samples.append(await sampler.sample())
            say(f"minute {len(samples)}: {samples[-1]}")
        for task in others:
            task.cancel()
    return usual, samples


async def _left(
    home: Home, entries: Mapping[str, Simulated], usual: Sample
) -> list[str]:
    """Wait until as much is available as before the faults; return what is not."""
    sampler = Sampler(home)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLING):
            while (await sampler.sample()).unavailable > usual.unavailable:
                await log_in_again(home.api, entries)
                await asyncio.sleep(5)
    last = await sampler.sample()
    say(f"end: {last}")
    if last.unavailable > usual.unavailable:
        return [f"{last.unavailable} unavailable, {usual.unavailable} before"]
    return []


def _in_log(home: Home) -> list[str]:
    """Return what must not be in the log."""
    log = home.log.read_text(encoding="utf-8", errors="replace")
    found = {
        f"{log.count('Traceback')} tracebacks": "Traceback" in log,
        "a secret in the log": SECRET in log,
    }
    return [what for what, is_wrong in found.items() if is_wrong]


def _table(samples: Sequence[Sample]) -> list[str]:
    """Print how each measure went; return what is not flat."""
    wrong = []
    print("| measure | first half | second half | growth an hour | most | flat |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, limit in LIMITS.items():
        went = course([getattr(each, name) for each in samples], EVERY / 60)
        faults = went.faults(limit)
        print(
            f"| {name} | {went.first:.1f} | {went.usual:.1f} | {went.growth:.2f}"
            f" | {went.most:.1f} | {', '.join(faults) or 'yes'} |",
            flush=True,
        )
        wrong += [f"{name} {fault}" for fault in faults]
    return wrong
