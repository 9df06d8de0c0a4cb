"""Start the Beaver IoT simulator from the command line."""

from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta
from functools import partial

from simulators.common_options import change_values, clock
from simulators.dirt import CLEAN
from simulators.registry import Running
from simulators.times import utcnow

from .captured import CAPTURED_RELEASE
from .catalog import MODELS
from .dirty import expected, make_dirty, name_of
from .knobs import DEFAULT_PASSWORD, DEFAULT_USERNAME, User
from .simulator import MilesightSimulator
from .sources import Register
from .wire import latest_values, move_time


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this simulator."""
    parser.add_argument("--seed", type=int, default=1, help="seed of the house")
    parser.add_argument("--username", default=DEFAULT_USERNAME)
    parser.add_argument("--password", default=DEFAULT_PASSWORD)
    parser.add_argument("--release", default="1.3", help="1.0, 1.2.3, 1.3, 1.3.1 ...")
    parser.add_argument("--devices", type=int, default=len(MODELS))
    parser.add_argument(
        "--captured",
        action="store_true",
        help="serve the 133 devices of a running 1.3.1 as they were; not with --dirty",
    )
    parser.add_argument("--days", type=float, default=400, help="age of the devices")
    parser.add_argument("--direct", action="store_true", help="port 9200, no nginx")
    parser.add_argument("--mqtt-port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--no-mqtt", action="store_true", help="no broker on TCP")
    parser.add_argument("--no-push", action="store_true", help="disable push messages")


def build(options: Namespace) -> Running:
    """Return the simulator for the options."""
    today = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
    simulator = MilesightSimulator(
        today - timedelta(days=options.days),
        options.seed,
        options.devices,
        clock=clock(options),
        captured=options.captured,
        version=CAPTURED_RELEASE if options.captured else options.release,
        nginx=not options.direct,
        user=User(options.username, options.password),
        mqtt_bind=options.host,
        mqtt_port=None if options.no_mqtt else options.mqtt_port,
        push=not options.no_push,
    )
    is_dirty = options.dirty and not options.captured
    dirt = make_dirty(simulator, options.seed) if is_dirty else CLEAN
    change_values(simulator.faults, options, latest_values, move_time)
    credentials = f"user name: {options.username}, password: {options.password}"
    return Running(
        simulator.app,
        credentials,
        partial(_amount, simulator),
        dirt,
        partial(expected, simulator, dirt),
    )


def _amount(
    simulator: MilesightSimulator, name: str, start: datetime, end: datetime
) -> float | None:
    """Return the amount of a register in [start, end) in its unit.

    `name` is the entity's key, with one underscore for other characters than letters
    and digits.
    """
    for entity in simulator.world.entities.values():
        if name_of(entity) == name:
            is_register = isinstance(entity.template.source, Register)
            return simulator.amount(entity, start, end) if is_register else None
    return None
