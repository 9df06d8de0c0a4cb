"""Which points a DSMR-reader has, and which endpoint each is read from.

A point's key is DSMR-reader's own field name; where two endpoints share a name, the
key says which one it is of (`today_gas`).
"""

from collections.abc import Iterator, Mapping

from ...metering.model import Category, Kind, Point, Quantity, Role
from .meters import (
    ELECTRICITY_METER,
    EXTRA_METER,
    FAST,
    HOUR,
    MINUTE,
    STALE_AFTER,
    Endpoint,
    MeterProfile,
    tariff_of,
)
from .models import COUNTER_FIELDS, PHASES, PRICE_FIELDS, TODAY_FIELDS
from .telegram import ExtraDevice

_EXTRA_QUANTITIES: Mapping[ExtraDevice, tuple[Quantity, Role | None]] = {
    ExtraDevice.GAS: (Quantity.GAS, Role.GAS),
    ExtraDevice.HEAT: (Quantity.HEAT, None),
    ExtraDevice.WATER: (Quantity.WATER, Role.WATER),
}


def dsmr_points(profile: MeterProfile) -> dict[str, tuple[Point, Endpoint]]:
    """Return all points of a server by key, each with the endpoint it is read from."""
    found = [
        *((point, Endpoint.READING) for point in _registers(profile)),
        *((point, Endpoint.READING) for point in _power(profile)),
        *((point, Endpoint.READING) for point in _phases(profile)),
        *((point, Endpoint.LIVE) for point in _live(profile)),
        *((point, Endpoint.GAS_LIVE) for point in _gas_live(profile)),
        *((point, Endpoint.TODAY) for point in _today(profile)),
        *((point, Endpoint.PRICES) for point in _prices(profile)),
        *((point, Endpoint.STATISTICS) for point in _counters(profile)),
        *((point, Endpoint.PEAK) for point in _peak(profile)),
        (_PROBLEMS, Endpoint.PROBLEMS),
    ]
    return {
        point.key: (point, endpoint)
        for point, endpoint in found
        if endpoint in profile.endpoints
    }


_PROBLEMS = Point(
    key="problems",
    device_key=ELECTRICITY_METER,
    translation_key="problems",
    quantity=Quantity.PROBLEM,
    kind=Kind.FLAG,
    category=Category.DIAGNOSTIC,
    poll_interval=MINUTE,
)


def _tariff(number: str, profile: MeterProfile) -> str:
    """Return the word for a tariff number of this meter."""
    return tariff_of(int(number), belgian=profile.belgian)


def _registers(profile: MeterProfile) -> Iterator[Point]:
    roles = {"delivered": Role.GRID_DELIVERED, "returned": Role.GRID_RETURNED}
    for direction, role in roles.items():
        for number in ("1", "2"):
            yield Point(
                key=f"electricity_{direction}_{number}",
                device_key=ELECTRICITY_METER,
                translation_key=f"electricity_{direction}_{_tariff(number, profile)}",
                quantity=Quantity.ENERGY,
                kind=Kind.REGISTER,
                unit="kWh",
                role=role,
                precision=3,
                stale_after=STALE_AFTER,
                poll_interval=FAST,
                has_history=True,
            )
    if profile.extra is not None:
        quantity, extra_role = _EXTRA_QUANTITIES[profile.extra]
        yield Point(
            key=profile.extra.value,
            device_key=EXTRA_METER,
            translation_key=f"{profile.extra.value}_register",
            quantity=quantity,
            kind=Kind.REGISTER,
            unit=profile.extra_unit,
            role=extra_role,
            precision=3,
            stale_after=STALE_AFTER,
            poll_interval=FAST,
            has_history=True,
        )


def _power(profile: MeterProfile) -> Iterator[Point]:
    for key, role in (
        ("electricity_power", Role.GRID_POWER),
        ("electricity_currently_delivered", None),
        ("electricity_currently_returned", None),
    ):
        yield Point(
            key=key,
            device_key=ELECTRICITY_METER,
            translation_key=key,
            quantity=Quantity.POWER,
            kind=Kind.INSTANT,
            unit="kW",
            role=role,
            precision=3,
            stale_after=STALE_AFTER,
            poll_interval=FAST,
            has_history=role is Role.GRID_POWER,
        )


_PHASE_FIELDS = (
    ("phase_currently_delivered", Quantity.POWER, "kW", 3),
    ("phase_currently_returned", Quantity.POWER, "kW", 3),
    ("phase_voltage", Quantity.VOLTAGE, "V", 1),
    ("phase_power_current", Quantity.CURRENT, "A", 0),
)


def _phases(profile: MeterProfile) -> Iterator[Point]:
    for name, quantity, unit, precision in _PHASE_FIELDS:
        for phase in PHASES:
            if (key := f"{name}_{phase}") in profile.fields:
                yield Point(
                    key=key,
                    device_key=ELECTRICITY_METER,
                    translation_key=name,
                    placeholders={"phase": phase.upper()},
                    quantity=quantity,
                    kind=Kind.INSTANT,
                    unit=unit,
                    precision=precision,
                    enabled_default=False,
                    stale_after=STALE_AFTER,
                    poll_interval=FAST,
                )


def _live(profile: MeterProfile) -> Iterator[Point]:
    yield Point(
        key="electricity_tariff",
        device_key=ELECTRICITY_METER,
        translation_key="electricity_tariff",
        quantity=Quantity.TEXT,
        kind=Kind.STATE,
        options=("low", "normal"),
        stale_after=STALE_AFTER,
        poll_interval=MINUTE,
    )
    yield Point(
        key="electricity_cost_per_hour",
        device_key=ELECTRICITY_METER,
        translation_key="electricity_cost_per_hour",
        quantity=Quantity.COST_RATE,
        kind=Kind.INSTANT,
        unit="EUR/h",
        precision=2,
        enabled_default=False,
        stale_after=STALE_AFTER,
        poll_interval=MINUTE,
    )


def _gas_live(profile: MeterProfile) -> Iterator[Point]:
    if profile.extra is not None:
        yield Point(
            key="gas_currently_delivered",
            device_key=EXTRA_METER,
            translation_key="extra_currently_delivered",
            quantity=_EXTRA_QUANTITIES[profile.extra][0],
            kind=Kind.INSTANT,
            unit=profile.extra_unit,
            precision=3,
            enabled_default=False,
            poll_interval=MINUTE,
        )


def _today(profile: MeterProfile) -> Iterator[Point]:
    extra = _EXTRA_QUANTITIES.get(profile.extra) if profile.extra else None
    for field in TODAY_FIELDS:
        is_cost, is_gas = field.endswith("_cost"), field.startswith("gas")
        if is_gas and extra is None:
            continue
        quantity = extra[0] if is_gas and extra else Quantity.ENERGY
        number = next((n for n in ("1", "2") if f"electricity{n}" in field), None)
        name = (
            field.replace(number, f"_{_tariff(number, profile)}") if number else field
        )
        if is_gas and profile.extra:
            name = field.replace("gas", profile.extra.value)
        yield Point(
            key=f"today_{field}",
            device_key=EXTRA_METER if is_gas else ELECTRICITY_METER,
            translation_key=f"today_{name}",
            quantity=Quantity.COST if is_cost else quantity,
            kind=Kind.INTERVAL,
            unit="EUR" if is_cost else profile.extra_unit if is_gas else "kWh",
            precision=2 if is_cost else 3,
            # With two tariffs, the merged amounts are what most people look at.
            enabled_default=number is None,
            stale_after=STALE_AFTER,
            poll_interval=MINUTE,
        )


def _prices(profile: MeterProfile) -> Iterator[Point]:
    for field in PRICE_FIELDS:
        is_gas = field.startswith("gas")
        if is_gas and profile.extra is None:
            continue
        number = next((n for n in ("1", "2") if f"_{n}_" in field), None)
        name = (
            field.replace(f"_{number}_", f"_{_tariff(number, profile)}_")
            if number
            else field
        )
        per = profile.extra_unit if is_gas else "d" if number is None else "kWh"
        yield Point(
            key=field,
            device_key=EXTRA_METER if is_gas else ELECTRICITY_METER,
            translation_key=name,
            quantity=Quantity.PRICE,
            kind=Kind.INSTANT,
            unit=f"EUR/{per}",
            role=Role.PRICE,
            precision=5,
            poll_interval=HOUR,
        )


def _counters(profile: MeterProfile) -> Iterator[Point]:
    for field in COUNTER_FIELDS:
        if field not in profile.fields:
            continue
        phase = next((p for p in PHASES if field.endswith(f"_{p}")), None)
        yield Point(
            key=field,
            device_key=ELECTRICITY_METER,
            translation_key=field.removesuffix(f"_{phase}"),
            placeholders={"phase": phase.upper()} if phase else {},
            quantity=Quantity.COUNT,
            kind=Kind.REGISTER,
            precision=0,
            category=Category.DIAGNOSTIC,
            enabled_default=phase is None and field != "rejected_telegrams",
            poll_interval=HOUR,
        )


def _peak(profile: MeterProfile) -> Iterator[Point]:
    yield Point(
        key="quarter_hour_peak",
        device_key=ELECTRICITY_METER,
        translation_key="quarter_hour_peak",
        quantity=Quantity.POWER,
        kind=Kind.INSTANT,
        unit="kW",
        precision=3,
        # Only Belgian grid fees are charged by the month's peak.
        enabled_default=profile.belgian,
        poll_interval=MINUTE,
    )
