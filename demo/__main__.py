"""Run simulators and a real Home Assistant that shows them; see script/demo."""

import argparse
import asyncio
import contextlib
import signal
import sys

from .check import check
from .check_costs import check_costs
from .check_dirty import check_dirty
from .check_quality import check_quality
from .dashboard import check_views
from .processes import ROOT
from .progress import say
from .running import Demo, Wanted, running_demo
from .servers import KINDS

ALL = "all"
HOME = "dsmr_reader"
"""The server of one home, with which a demo begins because it is small and quick."""


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="A demo of Metering Hub.")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--dirty", action="store_true")
    backends = [kind.backend for kind in KINDS]
    parser.add_argument("--backend", choices=[*backends, ALL])
    parser.add_argument(
        "--edition", choices=sorted({each for kind in KINDS for each in kind.editions})
    )
    return parser.parse_args()


def backend_of(arguments: argparse.Namespace) -> str | None:
    """Return the only server to simulate, or None for all, which a check is about."""
    is_about_all = arguments.check or arguments.dirty or arguments.edition
    backend: str = arguments.backend or (ALL if is_about_all else HOME)
    return None if backend == ALL else backend


async def main() -> None:
    """Start everything, print the address, and wait for Ctrl-C."""
    arguments = options()
    # A closed terminal or `kill` must not leave Home Assistant running alone.
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    wanted = Wanted(
        port=arguments.port,
        fresh=arguments.fresh,
        backend=backend_of(arguments),
        edition=arguments.edition,
        folder=ROOT / (".demo-dirty" if arguments.dirty else ".demo"),
        extra={kind.backend: ("--dirty",) for kind in KINDS if arguments.dirty},
    )
    async with running_demo(wanted) as demo:
        if arguments.check:
            sys.exit(await failures(demo, is_dirty=arguments.dirty))
        say(f"Ready: open {demo.url} - Ctrl-C ends the demo.")
        await demo.watcher


async def failures(demo: Demo, *, is_dirty: bool) -> str | None:
    """Check history and dashboard; return what is wrong, or None."""
    wrong = []
    check_history = check_dirty if is_dirty else check
    if not await check_history(demo.api, demo.servers):
        wrong.append("the history is wrong")
    if is_dirty and not await check_quality(demo.api, demo.servers, demo.entries):
        wrong.append("the quality of hours is wrong")
    if not await check_costs(demo.api, demo.servers, is_dirty=is_dirty):
        wrong.append("the costs are wrong")
    if not await check_views(demo.api, demo.servers):
        wrong.append("the dashboard names entities or statistics that do not exist")
    return f"demo: {', '.join(wrong)}" if wrong else None


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
