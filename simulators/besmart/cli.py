"""Start the besmart simulator from the command line."""

from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta
from functools import partial

from simulators.common_options import change_values, clock
from simulators.registry import Running
from simulators.times import QUARTER, epoch

from .dirty import expected, make_dirty
from .events import Revision
from .knobs import DEFAULT_LOGIN, DEFAULT_PASSWORD
from .sensors import HOUSE_MID, plant
from .signal_types import PV_PER_QUARTER, UNITS
from .simulator import BesmartSimulator
from .wire import move_time, sampled_values


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this simulator."""
    parser.add_argument("--seed", type=int, default=1, help="seed of the house")
    parser.add_argument("--years", type=float, default=3, help="length of the history")
    parser.add_argument(
        "--meters", type=int, default=0, help="number of additional meters"
    )
    parser.add_argument("--login", default=DEFAULT_LOGIN)
    parser.add_argument("--password", default=DEFAULT_PASSWORD)
    parser.add_argument("--workspace-key", help="refuse logins without this X-Auth")
    parser.add_argument("--edition", choices=("2021", "2026"), default="2026")
    parser.add_argument(
        "--delay-minutes", type=float, default=15, help="delay between meter and server"
    )
    parser.add_argument("--whole-hours", action="store_true")
    parser.add_argument(
        "--prediction-hours", type=float, default=24, help="0 disables predictions"
    )
    parser.add_argument("--token-minutes", type=float, default=120)
    parser.add_argument(
        "--pv-unit", choices=("kW", "kW.h"), default="kW", help="unit of signal 70"
    )
    parser.add_argument(
        "--exchange-days", type=float, help="days since the house got a new meter"
    )
    parser.add_argument(
        "--correct-in-minutes",
        type=float,
        help="minutes until two hours of yesterday are corrected",
    )


def build(options: Namespace) -> Running:
    """Return the simulator for the options."""
    clock_of_server = clock(options)
    now = clock_of_server()
    hour = now.replace(minute=0, second=0, microsecond=0)
    start = hour.replace(hour=0) - timedelta(days=int(365.25 * options.years))
    ahead = options.prediction_hours
    simulator = BesmartSimulator(
        edition=options.edition,
        clock=clock_of_server,
        login=options.login,
        password=options.password,
        workspace_key=options.workspace_key,
        key_required=options.workspace_key is not None,
        token_life=timedelta(minutes=options.token_minutes),
        sensors=plant(options.seed, start, options.meters),
        delay=timedelta(minutes=options.delay_minutes),
        whole_hours=options.whole_hours,
        predictions=timedelta(hours=ahead) if ahead else None,
    )
    if options.pv_unit == "kW.h":
        simulator.types[PV_PER_QUARTER.moid] = PV_PER_QUARTER
    if options.exchange_days is not None:
        at = hour - timedelta(days=options.exchange_days)
        simulator.sensor(HOUSE_MID).exchange(at)
    if options.correct_in_minutes is not None:
        simulator.events.append(_correction(now, options.correct_in_minutes))
    if options.dirty:
        make_dirty(simulator, options.seed)
    change_values(simulator.faults, options, sampled_values, move_time)
    credentials = f"login: {simulator.login}, password: {simulator.password}"
    if simulator.workspace_key is not None:
        credentials += f", workspace key: {simulator.workspace_key}"
    return Running(
        simulator.app,
        credentials,
        partial(_amount, simulator),
        simulator.dirt,
        partial(expected, simulator),
    )


def _amount(
    simulator: BesmartSimulator, name: str, start: datetime, end: datetime
) -> float | None:
    """Return the amount of a signal in [start, end) in its unit; None if it has none.

    `name` is written like the server's paths: client_cid.sensor_mid/signal_type_moid.
    Energy that is not a register belongs to the quarter of an hour that ends at its
    time.
    """
    path, _, moid = name.partition("/")
    sensor = simulator.sensor(int(path.partition(".")[2]))
    kind = simulator.types[int(moid)]
    if kind.kind == "register":
        return simulator.amount(sensor, kind.moid, start, end) / kind.scale
    if kind.unit not in UNITS or UNITS[kind.unit].dimension != "energy":
        return None
    first = epoch(start) // QUARTER * QUARTER + QUARTER
    ends = range(first, epoch(end) + 1, QUARTER)
    return sum(simulator.shown(sensor, kind.moid, at) for at in ends)


def _correction(now: datetime, minutes: float) -> Revision:
    """Return a correction of two hours of the house's A+, a day before `now`."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    return Revision(
        first,
        first + timedelta(hours=2),
        mid=HOUSE_MID,
        moid=32,
        offset=-150,
        at=now + timedelta(minutes=minutes),
    )
