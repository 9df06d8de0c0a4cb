"""The devices and points of a DSMR-reader, and the endpoint each point is read from.

A point's key is DSMR-reader's own field name, with a prefix if two endpoints share that
name (`today_gas`).
"""

from collections.abc import Iterator, Mapping

from ...metering.model import Category, Device, Kind, Point, Quantity, Role
from .derived_points import derived_points
from .meters import (
    ELECTRICITY_METER,
    EXTRA_METER,
    FAST_INTERVAL,
    MOST_PER_HOUR,
    POLL_INTERVAL,
    POWER_KEY,
    SLOW_INTERVAL,
    STALE_AFTER,
    Endpoint,
    MeterProfile,
    tariff_of,
    telegram_of,
)
from .models import COUNTER_FIELDS, PHASES, PRICE_FIELDS, TODAY_FIELDS, MeterStatistics
from .units import quantity_of, role_of

_PHASE_FIELDS = (
    ("phase_currently_delivered", Quantity.POWER, "kW", 3),
    ("phase_currently_returned", Quantity.POWER, "kW", 3),
    ("phase_voltage", Quantity.VOLTAGE, "V", 1),
    ("phase_power_current", Quantity.CURRENT, "A", 0),
)
"""Name, quantity, unit and precision of the fields that each phase has."""

_PER_KWH = {"kWh": 1.0, "Wh": 1000.0}
"""The units of a meter's energy, by their number in a kWh."""

_PROBLEMS = Point(
    key="problems",
    device_key=ELECTRICITY_METER,
    translation_key="problems",
    quantity=Quantity.PROBLEM,
    kind=Kind.FLAG,
    category=Category.DIAGNOSTIC,
    poll_interval=POLL_INTERVAL,
)


def make_devices(
    profile: MeterProfile, statistics: MeterStatistics, version: str, url: str
) -> dict[str, Device]:
    """Return the electricity meter and, if there is one, the extra meter behind it."""
    telegram = telegram_of(statistics)
    devices = {
        ELECTRICITY_METER: Device(
            key=ELECTRICITY_METER,
            translation_key=ELECTRICITY_METER,
            manufacturer=telegram.manufacturer,
            model=telegram.model,
            serial=telegram.serial,
            software_version=f"DSMR-reader {version}",
            hardware_version=_dsmr_version(statistics),
            configuration_url=url,
        )
    }
    if profile.extra is not None:
        devices[EXTRA_METER] = Device(
            key=EXTRA_METER,
            translation_key=f"{profile.extra.value}_meter",
            serial=profile.extra_serial,
            parent=ELECTRICITY_METER,
            configuration_url=url,
        )
    return devices


def make_points(profile: MeterProfile) -> dict[str, tuple[Point, Endpoint]]:
    """Return all points by key, each with the endpoint that it is read from."""
    found = [
        *((point, Endpoint.READING) for point in _registers(profile)),
        *((point, Endpoint.READING) for point in _power(profile)),
        *((point, Endpoint.READING) for point in _phases(profile)),
        *((point, Endpoint.LIVE) for point in _live(profile)),
        *((point, Endpoint.GAS_LIVE) for point in _gas_live(profile)),
        *((point, Endpoint.TODAY) for point in _today(profile)),
        *((point, Endpoint.PRICES) for point in _prices(profile)),
        *((point, Endpoint.STATISTICS) for point in _counters(profile)),
        *derived_points(profile),
        (_peak(profile), Endpoint.PEAK),
        (_PROBLEMS, Endpoint.PROBLEMS),
    ]
    return {
        point.key: (point, endpoint)
        for point, endpoint in found
        if endpoint in profile.endpoints
    }


def _dsmr_version(statistics: MeterStatistics) -> str | None:
    """Return the DSMR version, stored as "50" or "42", in its usual spelling."""
    if (version := statistics.dsmr_version) is None:
        return None
    return f"DSMR {version[0]}.{version[1:]}" if version.isdecimal() else version


def _tariffs(profile: MeterProfile) -> Mapping[str, str]:
    """Return the tariffs by their number in a field's name.

    Of a meter without tariffs, the server only fills the first register.
    """
    if not profile.has_tariffs:
        return {"1": ""}
    return {
        number: f"_{tariff_of(int(number), is_belgian=profile.is_belgian)}"
        for number in ("1", "2")
    }


def _registers(profile: MeterProfile) -> Iterator[Point]:
    """Yield the meter positions of all tariffs and of the extra meter."""
    roles = {"delivered": Role.GRID_DELIVERED, "returned": Role.GRID_RETURNED}
    for direction, role in roles.items():
        for number, tariff in _tariffs(profile).items():
            yield Point(
                key=f"electricity_{direction}_{number}",
                device_key=ELECTRICITY_METER,
                translation_key=f"electricity_{direction}{tariff}",
                quantity=Quantity.ENERGY,
                kind=Kind.REGISTER,
                unit=profile.energy_unit,
                role=role,
                precision=3,
                stale_after=STALE_AFTER,
                poll_interval=POLL_INTERVAL,
                has_history=True,
                capacity=MOST_PER_HOUR * _PER_KWH[profile.energy_unit],
                tariff_number=int(number) if profile.has_tariffs else None,
            )
    if profile.extra is not None:
        yield Point(
            key=profile.extra.value,
            device_key=EXTRA_METER,
            translation_key=f"{profile.extra.value}_register",
            quantity=quantity_of(profile.extra),
            kind=Kind.REGISTER,
            unit=profile.extra_unit,
            role=role_of(profile.extra),
            precision=3,
            stale_after=STALE_AFTER,
            poll_interval=POLL_INTERVAL,
            has_history=True,
        )


def _power(profile: MeterProfile) -> Iterator[Point]:
    """Yield the net power and the power in each direction."""
    for key, role in (
        (POWER_KEY, Role.GRID_POWER),
        ("electricity_currently_delivered", Role.GRID_POWER_DELIVERED),
        ("electricity_currently_returned", Role.GRID_POWER_RETURNED),
    ):
        yield Point(
            key=key,
            device_key=ELECTRICITY_METER,
            translation_key=key,
            quantity=Quantity.POWER,
            kind=Kind.INSTANT,
            unit=profile.power_unit,
            role=role,
            precision=3,
            stale_after=STALE_AFTER,
            poll_interval=FAST_INTERVAL,
            has_history=role is Role.GRID_POWER,
        )


def _phases(profile: MeterProfile) -> Iterator[Point]:
    """Yield the power, voltage and current of the phases that the meter has."""
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
                    poll_interval=FAST_INTERVAL,
                )


def _live(profile: MeterProfile) -> Iterator[Point]:
    """Yield the tariff in force and the running cost."""
    if profile.has_tariffs:
        yield Point(
            key="electricity_tariff",
            device_key=ELECTRICITY_METER,
            translation_key="electricity_tariff",
            quantity=Quantity.TEXT,
            kind=Kind.STATE,
            options=("low", "normal"),
            stale_after=STALE_AFTER,
            poll_interval=POLL_INTERVAL,
            tariff_numbers={
                tariff_of(number, is_belgian=profile.is_belgian): number
                for number in (1, 2)
            },
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
        poll_interval=POLL_INTERVAL,
    )


def _gas_live(profile: MeterProfile) -> Iterator[Point]:
    """Yield the extra meter's amount since its previous record."""
    if profile.extra is not None:
        yield Point(
            key="gas_currently_delivered",
            device_key=EXTRA_METER,
            translation_key="extra_currently_delivered",
            quantity=quantity_of(profile.extra),
            kind=Kind.INSTANT,
            unit=profile.extra_unit,
            precision=3,
            enabled_default=False,
            poll_interval=POLL_INTERVAL,
        )


def _today(profile: MeterProfile) -> Iterator[Point]:
    """Yield today's amounts and costs; without tariffs, only those of both."""
    tariffs = _tariffs(profile) if profile.has_tariffs else {}
    for field in TODAY_FIELDS:
        is_cost, is_gas = field.endswith("_cost"), field.startswith("gas")
        number = next((n for n in ("1", "2") if f"electricity{n}" in field), None)
        name, quantity, unit = field, Quantity.ENERGY, profile.energy_unit
        if is_gas:
            if profile.extra is None:
                continue
            name = field.replace("gas", profile.extra.value)
            quantity, unit = quantity_of(profile.extra), profile.extra_unit
        elif number is not None:
            if number not in tariffs:
                continue
            name = field.replace(number, tariffs[number])
        yield Point(
            key=f"today_{field}",
            device_key=EXTRA_METER if is_gas else ELECTRICITY_METER,
            translation_key=f"today_{name}",
            quantity=Quantity.COST if is_cost else quantity,
            kind=Kind.INTERVAL,
            unit="EUR" if is_cost else unit,
            precision=2 if is_cost else 3,
            # Most users look at the totals of both tariffs.
            enabled_default=number is None,
            stale_after=STALE_AFTER,
            poll_interval=POLL_INTERVAL,
        )


def _prices(profile: MeterProfile) -> Iterator[Point]:
    """Yield the prices of the contract in force."""
    tariffs = _tariffs(profile)
    for field in PRICE_FIELDS:
        is_gas = field.startswith("gas")
        if is_gas and profile.extra is None:
            continue
        number = next((n for n in ("1", "2") if f"_{n}_" in field), None)
        name = field
        if number is not None:
            if number not in tariffs:
                continue
            name = field.replace(f"_{number}", tariffs[number])
        per = profile.extra_unit if is_gas else "d" if number is None else "kWh"
        yield Point(
            key=field,
            device_key=EXTRA_METER if is_gas else ELECTRICITY_METER,
            translation_key=name,
            quantity=Quantity.PRICE,
            kind=Kind.INSTANT,
            unit=f"EUR/{per}",
            role=Role.PRICE,
            precision=2 if per == "d" else 3,
            poll_interval=SLOW_INTERVAL,
        )


def _counters(profile: MeterProfile) -> Iterator[Point]:
    """Yield the meter's counters of failures, sags and swells."""
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
            poll_interval=SLOW_INTERVAL,
        )


def _peak(profile: MeterProfile) -> Point:
    """Return the month's highest quarter-hour mean."""
    return Point(
        key="quarter_hour_peak",
        device_key=ELECTRICITY_METER,
        translation_key="quarter_hour_peak",
        quantity=Quantity.POWER,
        kind=Kind.INSTANT,
        unit=profile.power_unit,
        precision=3,
        # Only Belgian grid fees depend on the month's peak.
        enabled_default=profile.is_belgian,
        poll_interval=POLL_INTERVAL,
    )
