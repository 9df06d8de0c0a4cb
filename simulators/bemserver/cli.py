"""Start the BEMServer simulator from the command line."""

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta
from functools import partial

from simulators.common_options import change_values, clock
from simulators.dirt import CLEAN as NO_DIRT
from simulators.dirt_truth import Expected, StoredAmounts
from simulators.registry import Running
from simulators.times import HOUR

from .dirty import Soiled, expected, make_dirty
from .knobs import DEFAULT_EMAIL, DEFAULT_PASSWORD
from .meters import Counter
from .model import CLEAN, RAW
from .simulator import BemserverSimulator
from .wire import latest_points


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
    dirt = make_dirty(simulator, options.seed) if options.dirty else NO_DIRT
    change_values(simulator.faults, options, latest_points)
    credentials = f"user: {reader.email}, password: {reader.password}"
    return Running(
        simulator.app,
        credentials,
        partial(_amount, simulator),
        dirt,
        partial(_expected, simulator),
    )


def _expected(simulator: BemserverSimulator, name: str) -> Expected | None:
    """Return what is expected of a counter or of a series of amounts."""
    if (line := expected(simulator, name)) is not None:
        return line

    def stored(start: int, end: int) -> float | None:
        """Return the stored amounts in a span."""
        times = (datetime.fromtimestamp(at, UTC) for at in (start, end))
        return _amount(simulator, name, *times)

    return StoredAmounts(stored)


def _amount(
    simulator: BemserverSimulator, name: str, start: datetime, end: datetime
) -> float | None:
    """Return the amount of a linked series in [start, end), in its unit.

    `name` is its id. A series without a link may contain positions, which are not
    amounts.
    """
    number = int(name)
    world = simulator.world
    links = (*world.consumption.values(), *world.production.values())
    linked = {link.series_id for some in links for link in some.values()}
    series = world.series[number]
    if number not in linked or (series.interval or 0) > HOUR:
        # The hours of a daily amount are unknown.
        return None
    if isinstance(series.source, Counter | Soiled):
        return None
    state = CLEAN if CLEAN in series.states else RAW
    return simulator.amount(number, start, end, state)
