"""Run Home Assistant for long: python -m endurance crash; see script/test."""

import argparse
import asyncio
import contextlib
import os
from pathlib import Path
import signal
import sys

import aiohttp

from demo.processes import ROOT
from demo.progress import say
from demo.servers import KINDS

from .crash import Result, crashing
from .home import make_template
from .soak import SIZES, soak

FOLDER = ROOT / ".endurance"
BACKENDS = [kind.backend for kind in KINDS]


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m endurance", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    commands = parser.add_subparsers(dest="run", required=True)
    crash = commands.add_parser("crash", help="kill Home Assistant again and again")
    crash.add_argument("--backend", choices=BACKENDS, action="append")
    crash.add_argument("--kills", type=int, default=10)
    crash.add_argument("--seed", type=int, default=1)
    crash.add_argument(
        "--database", default="sqlite", help="the name of the database that DB_URL is"
    )
    soaking = commands.add_parser("soak", help="let servers fail for long")
    soaking.add_argument("minutes", type=float)
    soaking.add_argument("--seed", type=int, default=1)
    soaking.add_argument("--entities", type=int, choices=[*SIZES], default=1000)
    soaking.add_argument("--calm", action="store_true", help="no server fails")
    return parser.parse_args()


async def crash(arguments: argparse.Namespace) -> list[str]:
    """Kill Home Assistant with each backend; return what is wrong."""
    address = os.environ.get("DB_URL")
    folder: Path = arguments.folder / arguments.database
    results: list[Result] = []
    async with aiohttp.ClientSession() as session:
        template = await make_template(folder / "template", session)
        for backend in arguments.backend or BACKENDS:
            async with crashing(
                backend, folder, template, session, arguments.seed
            ) as run:
                clean = await run.clean()
                results.append(
                    await run.kill(arguments.database, address, clean, arguments.kills)
                )
    print("| backend | database | kills | in the middle | differences | tracebacks |")
    print("| --- | --- | --- | --- | --- | --- |")
    for result in results:
        print(result, flush=True)
    return [str(each) for each in results if each.differences or each.tracebacks]


async def main() -> None:
    """Run what the command line asks for, and exit with 1 if something is wrong."""
    # A closed terminal or `kill` must not leave Home Assistant running alone.
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    arguments = options()
    say(f"Seed {arguments.seed}")
    if arguments.run == "crash":
        wrong = await crash(arguments)
    else:
        wrong = await soak(
            arguments.folder / "soak",
            arguments.minutes,
            arguments.entities,
            arguments.seed,
            calm=arguments.calm,
        )
    if wrong:
        sys.exit("endurance: something is wrong:\n" + "\n".join(wrong))


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
