"""Start the BEMServer simulator from the command line."""

from argparse import ArgumentParser, Namespace
from datetime import timedelta
from functools import partial

from simulators.common_options import change_values, clock
from simulators.dirt import CLEAN as NO_DIRT
from simulators.registry import Running

from .dirty import expected, linked_amount, make_dirty
from .knobs import DEFAULT_EMAIL, DEFAULT_PASSWORD
from .mixtures import monthly
from .simulator import BemserverSimulator
from .wire import latest_points, move_time


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this simulator."""
    parser.add_argument("--seed", type=int, default=1, help="seed of the campus")
    parser.add_argument("--years", type=float, default=2, help="length of the history")
    parser.add_argument(
        "--series", type=int, default=0, help="minimum number of visible series"
    )
    parser.add_argument("--email", default=DEFAULT_EMAIL)
    parser.add_argument("--password", default=DEFAULT_PASSWORD)
    parser.add_argument("--prefix", default="", help="path prefix such as /api/v0")
    parser.add_argument(
        "--url-limit",
        type=int,
        help="longest URL in bytes; longer ones are answered with nginx's 502",
    )
    parser.add_argument("--access-seconds", type=int, default=900)
    parser.add_argument("--raw-only", action="store_true", help="no Clean data")
    parser.add_argument(
        "--monthly", action="store_true", help="a series with an amount each month"
    )


def build(options: Namespace) -> Running:
    """Return the simulator for the options."""
    simulator = BemserverSimulator(
        options.seed,
        options.years,
        options.series,
        clock=clock(options),
        prefix=options.prefix.rstrip("/"),
        url_limit=options.url_limit,
        access_lifetime=timedelta(seconds=options.access_seconds),
    )
    reader = simulator.reader
    reader.email, reader.password = options.email, options.password
    if options.raw_only:
        simulator.without_clean()
    if options.monthly:
        monthly(simulator)
    dirt = make_dirty(simulator, options.seed) if options.dirty else NO_DIRT
    change_values(simulator.faults, options, latest_points, move_time)
    credentials = f"user: {reader.email}, password: {reader.password}"
    return Running(
        simulator.app,
        credentials,
        partial(linked_amount, simulator),
        dirt,
        partial(expected, simulator),
    )
