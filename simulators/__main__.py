"""Run a simulator: python -m simulators dsmr_reader --port 8888."""

from argparse import ArgumentParser
import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from errno import EADDRINUSE
from signal import SIGINT, SIGTERM

from .bemserver import cli as bemserver
from .besmart import cli as besmart
from .common_options import add_common_arguments
from .dsmr_reader import cli as dsmr_reader
from .milesight import cli as milesight
from .registry import Running, Spec
from .server import number_answers, serve

SIMULATORS: Mapping[str, Spec] = {
    "besmart": Spec(besmart.add_arguments, besmart.build),
    "bemserver": Spec(bemserver.add_arguments, bemserver.build),
    "dsmr_reader": Spec(dsmr_reader.add_arguments, dsmr_reader.build),
    "milesight": Spec(milesight.add_arguments, milesight.build),
}


def parser() -> ArgumentParser:
    """Return the command-line parser, with one subcommand per simulator."""
    top = ArgumentParser(prog="python -m simulators", description=__doc__)
    commands = top.add_subparsers(dest="simulator", required=True)
    for name, spec in SIMULATORS.items():
        command = commands.add_parser(name)
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=int, default=0, help="0 picks a free port")
        add_common_arguments(command)
        spec.add_arguments(command)
    return top


async def run(name: str, running: Running, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM.

    If the port is already in use, the simulator listens on a free one instead.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal in (SIGINT, SIGTERM):
        loop.add_signal_handler(signal, stop.set)
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(serve(running.app, host, port))
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise
            url = await stack.enter_async_context(serve(running.app, host))
        print(f"{name} simulator on {url} ({running.credentials})", flush=True)
        await stop.wait()


def main() -> None:
    """Parse the command line and run the chosen simulator."""
    options = parser().parse_args()
    running = SIMULATORS[options.simulator].build(options)
    number_answers(running.app)
    asyncio.run(run(options.simulator, running, options.host, options.port))


if __name__ == "__main__":
    main()
