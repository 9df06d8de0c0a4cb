"""Row "one meter": a DSMR-reader, against core's `rest` set up for the same sensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import time
from typing import Protocol, cast

from demo.processes import HOST
from demo.servers import Server
from homeassistant.core import HomeAssistant

from .home import SECRET, add, answers, home, keep, poll, simulator, written
from .measure import Meter, Spread, in_turns, ratios
from .size import Size
from .table import Goal, Line
from .wire import recorded, send

DOMAIN, COORDINATOR = "rest", "coordinator"
"""Where core's `rest` keeps what reads its resources. It is not imported: what it
requires is fetched by the Home Assistant that it is configured in."""

_ROW = "value_json.results[0]"
_READING = "datalogger/dsmrreading?ordering=-timestamp&limit=1"
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
    return [Sensor(path, name, f"{row}.{name}", shown) for name in names]


SENSORS: Sequence[Sensor] = (
    *_sensors(
        _READING,
        _ROW,
        _ENERGY,
        "electricity_delivered_1",
        "electricity_delivered_2",
        "electricity_returned_1",
        "electricity_returned_2",
    ),
    Sensor(
        _READING,
        "gas",
        f"{_ROW}.extra_device_delivered",
        ("m³", "gas", "total_increasing"),
    ),
    *_sensors(
        _READING,
        _ROW,
        _POWER,
        "electricity_currently_delivered",
        "electricity_currently_returned",
    ),
    Sensor(
        _READING,
        "electricity_power",
        f"({_ROW}.electricity_currently_delivered | float"
        f" - {_ROW}.electricity_currently_returned | float) | round(3)",
        _POWER,
    ),
    *_sensors(
        "consumption/today",
        "value_json",
        ("kWh", "energy", "total"),
        "electricity_merged",
        "electricity_returned_merged",
    ),
    *_sensors("consumption/today", "value_json", ("m³", "gas", "total"), "gas"),
    *_sensors(
        "consumption/today",
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
    """Return `rest` as a person configures it: each resource is read once."""
    lines = ["rest:"]
    for path in dict.fromkeys(sensor.path for sensor in SENSORS):
        lines += [
            f"  - resource: http://{HOST}:{server.port}/api/v2/{path}",
            f"    scan_interval: {seconds}",
            "    headers:",
            f"      X-AUTHKEY: {SECRET}",
            "    sensor:",
        ]
        for number, sensor in enumerate(SENSORS):
            if sensor.path == path:
                lines += _sensor_yaml(sensor, number)
    return "\n".join(lines) + "\n"


def _sensor_yaml(sensor: Sensor, number: int) -> list[str]:
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
    """What a resource of `rest` is read by."""

    async def async_refresh(self) -> None:
        """Read it."""


async def read_rest(hass: HomeAssistant) -> None:
    """Read all resources of `rest` once, as their timers do."""
    shared = cast("Mapping[str, Sequence[_Coordinator]]", hass.data[DOMAIN])
    for coordinator in shared[COORDINATOR]:
        await coordinator.async_refresh()
    await hass.async_block_till_done()


async def measure(size: Size) -> Sequence[Line]:
    """Measure a cycle of each in turns, in which everything has changed."""
    async with (
        simulator("dsmr_reader", "--years", "0.1", "--changing", "100") as server,
        home(yaml(server)) as hass,
    ):
        entry = await add(hass, server)
        await keep(hass, entry, len(SENSORS))

        async def ours() -> None:
            await poll(hass, entry)

        async def other() -> None:
            await read_rest(hass)

        counted: list[tuple[int, int]] = []
        for work in (ours, other):
            await work()
            first, begin = await answers(server), time.time()
            await work()
            writes = written(hass, begin)
            counted.append((await answers(server) - first - 1, writes))
        with recorded() as sent:
            await ours()

        async def wire() -> None:
            await send(hass, sent)

        theirs, bare, own = await in_turns(Meter(hass), size.runs, other, wire, ours)
    (requests, writes), (rest_requests, rest_writes) = counted
    ratio = ratios([cost.cpu for cost in own], [cost.cpu for cost in theirs])
    cpu = Spread.of([cost.cpu for cost in own])
    rest_cpu = Spread.of([cost.cpu for cost in theirs])
    wire_cpu = Spread.of([cost.cpu for cost in bare])
    wire_ratio = ratios([cost.cpu for cost in bare], [cost.cpu for cost in theirs])
    case = f"DSMR-reader, {len(SENSORS)} sensors"
    return [
        Line(
            "one meter",
            f"{case}, CPU of a cycle",
            f"{cpu.text(1000)} ms, {writes} writes; "
            f"the wire alone {wire_cpu.text(1000)} ms",
            f"`rest`: {rest_cpu.text(1000)} ms, {rest_writes} writes",
            f"{ratio.text()} x; the wire alone {wire_ratio.middle:.2f} x",
            ratio.middle,
            Goal(0.2),
        ),
        Line(
            "one meter",
            f"{case}, requests of a cycle",
            str(requests),
            f"`rest`: {rest_requests}",
            f"{requests - rest_requests:+d}",
            requests - rest_requests,
            Goal(0, unit="more"),
        ),
    ]
