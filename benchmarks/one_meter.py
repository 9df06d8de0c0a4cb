"""Row "one meter": a DSMR-reader, compared with the same sensors of core's `rest`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
import time
from typing import Protocol, cast

from demo.processes import HOST
from demo.servers import Server
from homeassistant.core import HomeAssistant

from .home import add, answers, home, keep, poll, simulator, written
from .measure import Meter, Spread, in_turns, ratios
from .size import Size
from .table import Goal, Line
from .wire import recorded, send

DOMAIN, COORDINATOR = "rest", "coordinator"
"""The keys of the coordinators of core's `rest` in `hass.data`.

It is not imported, because Home Assistant installs its requirements on its first start.
"""

_ROW = "value_json.results[0]"
READING = "datalogger/dsmrreading?ordering=-timestamp&limit=1"
TODAY = "consumption/today"
_PRICES = "consumption/energy-supplier-prices?ordering=-start&limit=1"
_ENERGY = ("kWh", "energy", "total_increasing")
_POWER = ("kW", "power", "measurement")
_MONEY = ("EUR", "monetary", "total")


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor of core's `rest`; `shown` is its unit, device class and state class."""

    path: str
    name: str
    value: str
    shown: tuple[str, str | None, str | None]


def _sensors(
    path: str, row: str, shown: tuple[str, str | None, str | None], *names: str
) -> list[Sensor]:
    """Return sensors whose names are those of fields of a row."""
    return [Sensor(path, name, f"{row}.{name}", shown) for name in names]


SENSORS: Sequence[Sensor] = (
    *_sensors(
        READING,
        _ROW,
        _ENERGY,
        "electricity_delivered_1",
        "electricity_delivered_2",
        "electricity_returned_1",
        "electricity_returned_2",
    ),
    Sensor(
        READING,
        "gas",
        f"{_ROW}.extra_device_delivered",
        ("m³", "gas", "total_increasing"),
    ),
    *_sensors(
        READING,
        _ROW,
        _POWER,
        "electricity_currently_delivered",
        "electricity_currently_returned",
    ),
    Sensor(
        READING,
        "electricity_power",
        f"({_ROW}.electricity_currently_delivered | float"
        f" - {_ROW}.electricity_currently_returned | float) | round(3)",
        _POWER,
    ),
    *_sensors(
        TODAY,
        "value_json",
        ("kWh", "energy", "total"),
        "electricity_merged",
        "electricity_returned_merged",
    ),
    *_sensors(TODAY, "value_json", ("m³", "gas", "total"), "gas"),
    *_sensors(
        TODAY,
        "value_json",
        _MONEY,
        "gas_cost",
        "fixed_cost",
        "total_cost",
    ),
    *_sensors(
        _PRICES,
        _ROW,
        ("EUR/kWh", None, "measurement"),
        "electricity_delivered_1_price",
        "electricity_delivered_2_price",
        "electricity_returned_1_price",
        "electricity_returned_2_price",
    ),
    *_sensors(_PRICES, _ROW, ("EUR/m³", None, "measurement"), "gas_price"),
    *_sensors(_PRICES, _ROW, ("EUR/d", None, "measurement"), "fixed_daily_cost"),
    *_sensors(
        "datalogger/meter-statistics",
        "value_json",
        ("", None, "total_increasing"),
        "power_failure_count",
        "long_power_failure_count",
    ),
)


def yaml(server: Server, seconds: int = 86_400) -> str:
    """Return the configuration of `rest` as a user writes it: one request per path."""
    lines = ["rest:"]
    for path in dict.fromkeys(sensor.path for sensor in SENSORS):
        lines += [
            f"  - resource: http://{HOST}:{server.port}/api/v2/{path}",
            f"    scan_interval: {seconds}",
            "    headers:",
            f"      X-AUTHKEY: {server.secret}",
            "    sensor:",
        ]
        for number, sensor in enumerate(SENSORS):
            if sensor.path == path:
                lines += _sensor_yaml(sensor, number)
    return "\n".join(lines) + "\n"


def _sensor_yaml(sensor: Sensor, number: int) -> list[str]:
    """Return the lines of one sensor."""
    unit, device_class, state_class = sensor.shown
    return [
        f"      - name: Rest {sensor.name}",
        f"        unique_id: rest_{number}",
        f'        value_template: "{{{{ {sensor.value} }}}}"',
        *([f"        unit_of_measurement: {unit}"] if unit else []),
        *([f"        device_class: {device_class}"] if device_class else []),
        *([f"        state_class: {state_class}"] if state_class else []),
    ]


class _Coordinator(Protocol):
    """The coordinator of a resource of `rest`."""

    async def async_refresh(self) -> None:
        """Read the resource."""


async def read_rest(hass: HomeAssistant) -> None:
    """Read all resources of `rest` once, as their timers do."""
    shared = cast("Mapping[str, Sequence[_Coordinator]]", hass.data[DOMAIN])
    for coordinator in shared[COORDINATOR]:
        await coordinator.async_refresh()
    await hass.async_block_till_done()


@dataclass(frozen=True, slots=True)
class _Count:
    """The requests and the state writes of one cycle."""

    requests: int
    writes: int


async def _count(
    hass: HomeAssistant, server: Server, work: Callable[[], Awaitable[None]]
) -> _Count:
    """Return the requests and writes of a cycle, which is not the first one."""
    await work()
    requests, begin = await answers(server), time.time()
    await work()
    writes = written(hass, begin)
    return _Count(await answers(server) - requests - 1, writes)


async def measure(size: Size) -> Sequence[Line]:
    """Measure cycles of each in turns, in which every value has changed."""
    async with (
        simulator("dsmr_reader", "--years", "0.1", "--changing", "100") as server,
        home(yaml(server)) as hass,
    ):
        entry = await add(hass, server)
        await keep(hass, entry, len(SENSORS))
        ours, other = partial(poll, hass, entry), partial(read_rest, hass)
        own_count = await _count(hass, server, ours)
        rest_count = await _count(hass, server, other)
        with recorded() as sent:
            await ours()
        costs = await in_turns(
            Meter(hass), size.runs, ours, other, partial(send, hass, sent)
        )
    own, rest, wire = ([cost.cpu for cost in found] for found in costs)
    return _lines(own_count, rest_count, own, rest, wire)


def _lines(
    own_count: _Count,
    rest_count: _Count,
    own: Sequence[float],
    rest: Sequence[float],
    wire: Sequence[float],
) -> Sequence[Line]:
    """Return the lines of the table, from counts and from CPU times by run."""
    more = own_count.requests - rest_count.requests
    case = f"DSMR-reader, {len(SENSORS)} sensors"
    return [
        Line(
            "one meter",
            f"{case}, CPU of a cycle",
            f"{Spread.of(own).text(1000)} ms, {own_count.writes} writes; "
            f"the wire alone {Spread.of(wire).text(1000)} ms",
            f"`rest`: {Spread.of(rest).text(1000)} ms, {rest_count.writes} writes",
            f"{ratios(own, rest).text()} x; "
            f"the wire alone {ratios(wire, rest).middle:.2f} x",
            ratios(own, rest).middle,
            Goal(1),
        ),
        Line(
            "one meter",
            f"{case}, requests of a cycle",
            str(own_count.requests),
            f"`rest`: {rest_count.requests}",
            f"{more:+d}",
            more,
            Goal(0, unit="more"),
        ),
    ]
