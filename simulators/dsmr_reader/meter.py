"""The latest telegram, the meter's own statistics and the live answers."""

from datetime import UTC, datetime
from decimal import Decimal

from simulators.faults import Row
from simulators.times import epoch

from .crc import crc16
from .extra_lines import extra_lines, stamp_text
from .knobs import Language
from .prices import DayPrices, cents, day_prices
from .rows import amperes, gas_step, phase_power, reading_positions
from .store import Store

# OBIS 1-0:21.7.0, 41.7.0, 61.7.0 are power; 1-0:31.7.0, 51.7.0, 71.7.0 are current.
_PHASE_CODES = (2, 4, 6)
_SAGS = (2, 1, 1)
_POWER_FAILURES, _LONG_POWER_FAILURES = 6, 3
_FAILURE_LOG = "1-0:99.97.0(1)(0-0:96.7.19)(190508094303S)(0000055374*s)"


def telegram(store: Store, when: int) -> str:
    """Return the P1 telegram of a reading, with CRLF and checksum."""
    knobs = store.knobs
    has_counters = has_failure_counters(store)
    lines = [*_head(store, when), *_registers(store, when)]
    lines += _counters(store) if has_counters else []
    lines += ["0-0:96.13.0()"]
    lines += [] if knobs.dsmr2 else _phase_lines(store, when)
    lines += extra_lines(store, when)
    text = "\r\n".join([*lines, "!"])
    return f"{text}{crc16(text.encode()):04X}"


def meter_statistics(store: Store) -> Row:
    """Return datalogger/meter-statistics, which only telegrams fill."""
    knobs, latest = store.knobs, store.latest
    known = knobs.telegram and latest is not None
    row: Row = {
        "id": 1,
        "timestamp": store.iso(
            store.stamp(latest) if known and latest else epoch(store.house.start)
        ),
        "dsmr_version": dsmr_version(store) if known else None,
        "electricity_tariff": tariff(store),
    }
    failures = known and has_failure_counters(store)
    row["power_failure_count"] = _POWER_FAILURES if failures else None
    row["long_power_failure_count"] = _LONG_POWER_FAILURES if failures else None
    for name, counts in (("sag", _SAGS), ("swell", (0, 0, 0))):
        for number, count in enumerate(counts):
            has = failures and number < knobs.phases
            row[f"voltage_{name}_count_l{number + 1}"] = count if has else None
    row["rejected_telegrams"] = 1 if known else 0
    own = telegram(store, latest) if known and latest else None
    row["latest_telegram"] = knobs.inbox.telegram or own
    return row | knobs.inbox.statistics


def has_failure_counters(store: Store) -> bool:
    """Return True if the meter counts its failures, sags and swells."""
    knobs = store.knobs
    return not (knobs.belgian or knobs.dsmr2 or knobs.luxembourg)


def dsmr_version(store: Store) -> str | None:
    """Return the protocol version; old and Belgian telegrams have none."""
    knobs = store.knobs
    if knobs.belgian or knobs.dsmr2:
        return None
    return "42" if knobs.dsmr4 or knobs.luxembourg else "50"


def tariff(store: Store) -> int | None:
    """Return the tariff in the latest telegram; None without one or its tariff."""
    if not store.knobs.telegram or store.latest is None or store.knobs.luxembourg:
        return None
    return store.knobs.tariff or store.house.tariff(store.latest)


def electricity_live(store: Store, language: Language) -> Row:
    """Return consumption/electricity-live: W and EUR/h; empty without readings."""
    if store.latest is None or store.knobs.no_readings_today:
        return {}
    newest = store.latest if store.newest is None else store.newest
    power = store.house.power(newest)
    active = tariff(store)
    cost = None
    prices = _live_prices(store)
    if prices is not None and active is not None:
        delivered, returned = prices.electricity(active)
        cost = Decimal(power.delivered) * delivered - Decimal(power.returned) * returned
    return {
        "timestamp": store.iso(store.stamp(newest)),
        "currently_delivered": power.delivered,
        "currently_returned": power.returned,
        "cost_per_hour": None if cost is None else money(cost / 1000, language),
        "tariff_name": None if active is None else store.knobs.tariff_names[active - 1],
    }


def gas_live(store: Store, language: Language) -> Row:
    """Return consumption/gas-live: m³ in the last interval; empty without gas."""
    if not store.all_gas or store.knobs.no_readings_today:
        return {}
    read_at = store.all_gas[-1]
    step = gas_step(store, read_at)
    row: Row = {"timestamp": store.iso(read_at), "currently_delivered": step / 1000}
    prices = _live_prices(store)
    if prices is not None:
        cost = Decimal(step) / 1000 * prices.gas_price
        row["cost_per_interval"] = money(cost, language)
    return row


def _live_prices(store: Store) -> DayPrices | None:
    """Return today's prices; the live answers use the UTC day."""
    today = datetime.fromtimestamp(store.now, UTC).date()
    return day_prices(store.knobs.prices, today)


def money(amount: Decimal, language: Language) -> str:
    """Return an amount with two decimals, with a comma in Dutch."""
    text = str(cents(amount))
    return text.replace(".", ",") if language == "nl" else text


def _serial(store: Store, when: int) -> str:
    """Return the serial number of the electricity meter."""
    serial = store.house.serial(when)
    exchanges = store.knobs.dirt.steps("electricity_delivered_1")
    number = sum(exchange.start <= when for exchange in exchanges)
    return f"{serial[:-2]}{number:02}" if number else serial


def _head(store: Store, when: int) -> list[str]:
    """Return the first lines of a telegram, up to the serial number and the time."""
    serial = _serial(store, when).encode().hex().upper()
    time = f"0-0:1.0.0({stamp_text(store, when)})"
    if store.knobs.belgian:
        first = "/FLU5\\253770234_A"
        return [first, "", "0-0:96.1.4(50217)", f"0-0:96.1.1({serial})", time]
    if store.knobs.dsmr2:
        return ["/ISk5\\2MT382-1003", "", f"0-0:96.1.1({serial})"]
    version = f"1-3:0.2.8({dsmr_version(store)})"
    if store.knobs.luxembourg:
        return ["/Lux5\\253663629_D", "", version, time, f"0-0:42.0.0({serial})"]
    return ["/ISK5\\2M550T-1012", "", version, time, f"0-0:96.1.1({serial})"]


_TARIFF_REGISTERS = {
    "1.8.1": "delivered_1",
    "1.8.2": "delivered_2",
    "2.8.1": "returned_1",
    "2.8.2": "returned_2",
}
_SINGLE_REGISTERS = {"1.8.0": "delivered_1", "2.8.0": "returned_1"}


def _registers(store: Store, when: int) -> list[str]:
    """Return the lines of positions, tariff and power."""
    positions = reading_positions(store, when)
    power = store.house.power(when)
    active = f"0-0:96.14.0({tariff(store) or store.house.tariff(when):04})"
    is_single = store.knobs.luxembourg
    fields = _SINGLE_REGISTERS if is_single else _TARIFF_REGISTERS
    return [
        *(
            f"1-0:{code}({positions[f'electricity_{field}'] / 1000:010.3f}*kWh)"
            for code, field in fields.items()
        ),
        *([] if is_single else [active]),
        f"1-0:1.7.0({power.delivered / 1000:06.3f}*kW)",
        f"1-0:2.7.0({power.returned / 1000:06.3f}*kW)",
    ]


def _counters(store: Store) -> list[str]:
    """Return the lines of power failures, sags and swells."""
    codes = ("32", "52", "72")[: store.knobs.phases]
    return [
        f"0-0:96.7.21({_POWER_FAILURES:05})",
        f"0-0:96.7.9({_LONG_POWER_FAILURES:05})",
        _FAILURE_LOG,
        *(f"1-0:{code}.32.0({_SAGS[number]:05})" for number, code in enumerate(codes)),
        *(f"1-0:{code}.36.0(00000)" for code in codes),
    ]


def _phase_lines(store: Store, when: int) -> list[str]:
    """Return the lines of voltage, current and power per phase."""
    phases = zip(
        _PHASE_CODES,
        phase_power(store, store.house.power(when)),
        store.house.voltages(when),
        strict=True,
    )
    used = list(phases)[: store.knobs.phases]
    voltage = [f"1-0:{code + 1}2.7.0({volt / 10:05.1f}*V)" for code, _, volt in used]
    return [
        *([] if store.knobs.is_hourly else voltage),
        *(f"1-0:{code + 1}1.7.0({amperes(w, v):03}*A)" for code, w, v in used),
        *(f"1-0:{code}1.7.0({max(w, 0) / 1000:06.3f}*kW)" for code, w, _ in used),
        *(f"1-0:{code}2.7.0({max(-w, 0) / 1000:06.3f}*kW)" for code, w, _ in used),
    ]
