"""Run simulations from the command line, and shrink the plans of those that fail.

python -m tests.simulation [--backend KEY] [--seeds N] [--hours H] [--first SEED]
"""

import argparse
from collections.abc import Iterator
import sys
import time

from .plan import Plan, draw
from .run import simulate
from .worlds import WORLDS, World

FRESH = 1_000_000
"""Seeds below are left to people; fresh ones are those of the present second on."""


def shrunk(world: World, seed: int, plan: Plan) -> Plan:
    """Return the fewest troubles of a plan with which the seed still fails."""
    left, index = list(plan), 0
    while index < len(left):
        fewer = [*left[:index], *left[index + 1 :]]
        if simulate(world, seed, fewer).faults:
            left = fewer
        else:
            index += 1
    return left


def _seeds(options: argparse.Namespace) -> Iterator[int]:
    """Yield seeds until so many were tried, or the time is up."""
    end = time.monotonic() + options.hours * 3600 if options.hours else None
    first = options.first
    if first is None:
        first = FRESH + time.time_ns() // 1_000_000_000
    for seed in range(first, first + options.seeds):
        if end is not None and time.monotonic() >= end:
            return
        yield seed


def _try(world: World, options: argparse.Namespace) -> int:
    """Run the seeds of a backend; return how many failed."""
    failed = tried = 0
    begin, most = time.monotonic(), 0
    for seed in _seeds(options):
        tried += 1
        plan = draw(seed)
        result = simulate(world, seed, plan)
        most = max(most, result.most_requests)
        if not result.faults:
            continue
        failed += 1
        print(f"{world.key}: seed {seed} failed: {result.faults[0]}")
        print(f"  shrunk: {shrunk(world, seed, plan)}", flush=True)
    took = time.monotonic() - begin
    print(
        f"{world.key}: {tried} seeds in {took:.0f} s, {failed} failed,"
        f" at most {most} requests in ten minutes",
        flush=True,
    )
    return failed


def main() -> int:
    """Run what was asked for; return 1 if a seed failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=[*WORLDS])
    parser.add_argument("--seeds", type=int, help="how many seeds per backend")
    parser.add_argument("--hours", type=float, help="how long per backend")
    parser.add_argument("--first", type=int, help="the first seed, else a fresh one")
    options = parser.parse_args()
    if options.seeds is None:
        options.seeds = sys.maxsize if options.hours else 25
    chosen = [options.backend] if options.backend else [*WORLDS]
    return int(sum(_try(WORLDS[key], options) for key in chosen) > 0)


if __name__ == "__main__":
    sys.exit(main())
