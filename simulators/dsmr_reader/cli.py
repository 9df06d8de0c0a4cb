"""Start the DSMR-reader simulator from the command line."""

from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from simulators.common_options import change_values, clock
from simulators.house import House
from simulators.registry import Running
from simulators.times import utcnow

from .dirty import CHANNELS, expected, make_dirty
from .knobs import DEFAULT_KEY
from .simulator import DsmrReaderSimulator
from .wire import live_values, move_time


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this simulator."""
    parser.add_argument("--seed", type=int, default=1, help="seed of the house")
    parser.add_argument("--years", type=float, default=3, help="length of the history")
    parser.add_argument("--api-key", default=DEFAULT_KEY)
    parser.add_argument(
        "--interval", type=int, default=10, help="seconds between readings"
    )
    parser.add_argument("--retention-days", type=int, default=31)
    parser.add_argument(
        "--readings-days",
        type=float,
        help="days of readings that are kept; of older ones, there are only statistics",
    )
    parser.add_argument("--reader-version", default="5.11.0")
    parser.add_argument("--language", choices=("en", "nl"), default="en")
    parser.add_argument("--time-zone", default="Europe/Amsterdam")
    parser.add_argument(
        "--extra-device", choices=("gas", "heat", "water", "none"), default="gas"
    )
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3)
    parser.add_argument("--belgian", action="store_true")
    parser.add_argument("--dsmr4", action="store_true")
    parser.add_argument("--dsmr2", action="store_true")
    parser.add_argument("--luxembourg", action="store_true")
    parser.add_argument(
        "--other-device", choices=("gas", "heat", "water", "none"), default="none"
    )
    parser.add_argument("--no-telegram", action="store_true")
    parser.add_argument("--no-contracts", action="store_true")
    parser.add_argument("--api-disabled", action="store_true")


def build(options: Namespace) -> Running:
    """Return the simulator for the options."""
    zone = ZoneInfo(options.time_zone)
    start = datetime.now(zone) - timedelta(days=365.25 * options.years)
    house = House(
        options.seed,
        start.replace(hour=0, minute=0, second=0, microsecond=0),
        options.time_zone,
        belgian=options.belgian,
    )
    simulator = DsmrReaderSimulator(
        house,
        clock=clock(options),
        api_key=options.api_key,
        api_enabled=not options.api_disabled,
        version=options.reader_version,
        language=options.language,
        interval=options.interval,
        retention=timedelta(days=options.retention_days),
        readings_since=_readings_since(options),
        telegram=not options.no_telegram,
        dsmr4=options.dsmr4,
        dsmr2=options.dsmr2,
        luxembourg=options.luxembourg,
        phases=options.phases,
        extra_device=options.extra_device,
        other_device=options.other_device,
    )
    if options.no_contracts:
        simulator.prices = []
    if options.dirty:
        make_dirty(simulator, options.seed)
    change_values(simulator.faults, options, live_values, move_time)
    return Running(
        simulator.app,
        f"API key: {simulator.api_key}",
        partial(_amount, house),
        simulator.dirt,
        partial(expected, simulator),
    )


def _readings_since(options: Namespace) -> datetime | None:
    """Return when the oldest reading was stored that is kept; None keeps all."""
    days: float | None = options.readings_days
    return None if days is None else utcnow() - timedelta(days=days)


def _amount(house: House, name: str, start: datetime, end: datetime) -> float | None:
    """Return the amount of a register in [start, end) in kWh or m³."""
    channel = CHANNELS.get(name)
    return None if channel is None else house.true_energy(channel, start, end) / 1000
