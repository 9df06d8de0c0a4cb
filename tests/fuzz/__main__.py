"""Try ever new examples of all backends, and keep those that found something.

    python -m tests.fuzz MINUTES

The seeds that found something are in `.fuzz/`, a line each, and are tried first. The
exit status is 1 if anything was found.
"""

import asyncio
from contextlib import AsyncExitStack
from itertools import count
import logging
from pathlib import Path
from random import SystemRandom
import resource
import sys
from time import monotonic

from custom_components.metering_hub.backends.common import http

from .watching import Findings
from .worlds import WORLDS, Running, running

CORPUS = Path(".fuzz")
MOST_MEGABYTES = 1024
"""The memory of the whole process, simulators and their answers included."""


def main() -> int:
    """Try examples for some minutes."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    http.RETRY_DELAY = (0.0, 0.001)
    CORPUS.mkdir(exist_ok=True)
    found = asyncio.run(_fuzz(monotonic() + 60 * minutes))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{megabytes:.0f} MB of memory at most\n")
    return 1 if found or megabytes > MOST_MEGABYTES else 0


async def _fuzz(end: float) -> int:
    """Return how many examples found something until a moment of the clock."""
    first = SystemRandom().randrange(1_000_000, 2**40)
    found = 0
    async with AsyncExitStack() as stack:
        worlds = {
            name: await stack.enter_async_context(running(name)) for name in WORLDS
        }
        for name, world in worlds.items():
            for seed in _kept(name):
                found += await _try(name, world, seed)
        for number in count():
            for name, world in worlds.items():
                if monotonic() >= end:
                    sys.stdout.write(f"{number} examples of each, {found} findings\n")
                    return found
                found += await _try(name, world, first + number)
    return found


async def _try(name: str, world: Running, seed: int) -> bool:
    """Return True if an example found something, which is reported and kept."""
    findings = await world.attempt(seed)
    if not findings.found:
        return False
    _report(name, seed, findings)
    if seed not in _kept(name):
        with _file(name).open("a") as file:
            file.write(f"{seed}\n")
    return True


def _report(name: str, seed: int, findings: Findings) -> None:
    """Write what an example did and found."""
    done = "\n  ".join(each[:200] for each in findings.log[-30:])
    wrong = "\n  ".join(each[-3000:] for each in findings.found[:5])
    sys.stdout.write(f"\n{name}, seed {seed}:\n  {done}\nfound:\n  {wrong}\n")
    sys.stdout.flush()


def _kept(name: str) -> list[int]:
    """Return the seeds of a world that found something before."""
    file = _file(name)
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def _file(name: str) -> Path:
    """Return the file with the seeds of a world."""
    return CORPUS / f"{name}.txt"


if __name__ == "__main__":
    sys.exit(main())
