"""Read the submitted forms of a tariff, and find what is wrong with them.

What is read is stored as `prices.stored` describes it.
"""

from collections.abc import Mapping
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..metering.model import Point
from ..prices.maths.tariff import Base
from ..prices.sources import sensor_source, source_error
from ..prices.stored import (
    AMOUNT,
    CONF_APPLIES_TO,
    CONF_CURRENCY,
    CONF_DAILY,
    CONF_FROM_HOUR,
    CONF_HEATING_VALUE,
    CONF_HOLIDAYS,
    CONF_METERS,
    CONF_MONTHLY,
    CONF_MONTHS,
    CONF_PRICE,
    CONF_PRICE_1,
    CONF_PRICE_2,
    CONF_PRICE_TYPE,
    CONF_RULES,
    CONF_SOURCE,
    CONF_SURCHARGES,
    CONF_TO_HOUR,
    CONF_TYPE,
    CONF_UNIT,
    CONF_VALID_FROM,
    CONF_VALID_TO,
    CONF_WEEKDAYS,
    FOR_METERS,
    PriceType,
)
from ..prices.stored_values import Stored, read_number
from ..prices.units import base_amount, read_price_unit
from .forms import FormData
from .tariff_forms import CONF_ACTION, CONF_SENSOR
from .tariff_targets import TariffTargets, is_gas

type Read = tuple[FormData, dict[str, str]]
"""The data of a form as they are stored, and its errors by field."""

_NUMBERS = (
    *(CONF_PRICE, CONF_PRICE_1, CONF_PRICE_2, CONF_HEATING_VALUE),
    *(CONF_DAILY, CONF_MONTHLY, AMOUNT),
)
_LISTS = (CONF_MONTHS, CONF_WEEKDAYS)
_HOURS = (CONF_FROM_HOUR, CONF_TO_HOUR)
_DAYS = (CONF_VALID_FROM, CONF_VALID_TO)


def read_basics(user_input: FormData, targets: TariffTargets) -> Read:
    """Return what a tariff is for, and when, from a submitted form."""
    data: FormData = {
        CONF_APPLIES_TO: user_input[CONF_APPLIES_TO],
        CONF_PRICE_TYPE: user_input[CONF_PRICE_TYPE],
    }
    if data[CONF_APPLIES_TO] == FOR_METERS:
        data[CONF_METERS] = user_input.get(CONF_METERS, [])
        if not data[CONF_METERS]:
            return {}, {CONF_METERS: "no_meters"}
    times = {
        name: _local_time(user_input[name], targets)
        for name in (CONF_VALID_FROM, CONF_VALID_TO)
        if user_input.get(name)
    }
    for name, time in times.items():
        if time is None or time.minute or time.second or time.microsecond:
            return {}, {name: "not_full_hour"}
        data[name] = time.isoformat()
    if data.get(CONF_VALID_TO, "9999") <= data[CONF_VALID_FROM]:
        return {}, {CONF_VALID_TO: "end_before_start"}
    return data, basics_errors(data, targets)


def basics_errors(data: Stored, targets: TariffTargets) -> dict[str, str]:
    """Return the error in the type of the price, if it does not suit the points."""
    if data.get(CONF_PRICE_TYPE) == PriceType.REGISTERS and not any(
        point.tariff_number is not None for point in targets.chosen(data)
    ):
        return {CONF_PRICE_TYPE: "no_registers"}
    return {}


def _local_time(text: str, targets: TariffTargets) -> datetime | None:
    """Return a time of a form as a local wall time of the meters."""
    time = dt_util.parse_datetime(text)
    if time is not None and time.tzinfo is not None:
        time = time.astimezone(targets.zone).replace(tzinfo=None)
    return time


def read_price(
    hass: HomeAssistant, user_input: FormData, basics: Stored, targets: TariffTargets
) -> Read:
    """Return the price of a tariff from a submitted form."""
    data, errors = _read_numbers(user_input)
    unit = str(user_input[CONF_UNIT]).strip()
    data |= {CONF_UNIT: unit, CONF_CURRENCY: targets.currency}
    errors |= _unit_errors(unit, data, targets, basics)
    if CONF_RULES in user_input:
        data[CONF_HOLIDAYS] = user_input[CONF_HOLIDAYS]
        data[CONF_RULES], wrong = _read_list(user_input[CONF_RULES], CONF_RULES)
        errors |= wrong or ({} if data[CONF_RULES] else {CONF_RULES: "no_rules"})
    for name in (CONF_SENSOR, CONF_ACTION):
        if name in user_input:
            chosen = user_input[name]
            is_sensor = name == CONF_SENSOR
            source = sensor_source(hass, chosen) if is_sensor else chosen
            data[CONF_SOURCE] = source
            if not errors:
                errors |= _source_errors(hass, name, source, unit, targets.currency)
    return data, errors


def _unit_errors(
    unit: str, data: Stored, targets: TariffTargets, basics: Stored
) -> dict[str, str]:
    """Return the error of a unit that is not known, or not that of the points."""
    known = read_price_unit(unit, targets.currency)
    if known is None:
        return {CONF_UNIT: "unknown_unit"}
    points = targets.chosen(basics)
    value = read_number(data, CONF_HEATING_VALUE)
    if all(base_amount(point.unit, known.base, value) for point in points):
        return {}
    if is_gas(basics, points) and value is None and _convert(points, known.base):
        return {CONF_HEATING_VALUE: "no_heating_value"}
    return {CONF_UNIT: "unit_of_other_meters"}


def _convert(points: list[Point], base: Base) -> bool:
    """Return True if prices fit the units of points with some heating value."""
    return all(base_amount(point.unit, base, 1.0) for point in points)


def _source_errors(
    hass: HomeAssistant, name: str, source: str, unit: str, currency: str
) -> dict[str, str]:
    """Return the error of a sensor or an action that has no such prices."""
    known = read_price_unit(unit, currency)
    if known is None:
        return {}
    error = source_error(hass, source, known.base, currency)
    return {} if error is None else {name: error}


def read_surcharges(user_input: FormData) -> Read:
    """Return what comes on top of the price from a submitted form."""
    data, errors = _read_numbers(user_input)
    if CONF_HOLIDAYS in user_input:
        data[CONF_HOLIDAYS] = user_input[CONF_HOLIDAYS]
    listed = user_input.get(CONF_SURCHARGES, [])
    data[CONF_SURCHARGES], wrong = _read_list(listed, CONF_SURCHARGES)
    return data, errors | wrong


def _read_numbers(user_input: Mapping[str, object]) -> Read:
    """Return the numbers of a form."""
    data: FormData = {}
    errors: dict[str, str] = {}
    for name in _NUMBERS:
        try:
            number = read_number(user_input, name)
        except ValueError, OverflowError:
            errors[name] = "bad_number"
            continue
        if number is not None:
            data[name] = number
    return data, errors


def _read_list(
    listed: list[FormData] | FormData, field: str
) -> tuple[list[FormData], dict[str, str]]:
    """Return the rules or surcharges of a form, and the error of the field."""
    found = []
    for each in listed if isinstance(listed, list) else [listed]:
        data, errors = _read_numbers(each)
        if errors:
            return [], {field: "bad_number"}
        if wrong := _time_errors(each, field):
            return [], wrong
        data |= {name: int(each[name]) for name in _HOURS if name in each}
        data |= {
            name: each[name] for name in (CONF_TYPE, *_LISTS, *_DAYS) if each.get(name)
        }
        found.append(data)
    return found, {}


def _time_errors(rule: FormData, field: str) -> dict[str, str]:
    """Return the error in the times of a rule or surcharge."""
    hours = [float(rule[name]) for name in _HOURS if name in rule]
    if any(hour % 1 for hour in hours):
        return {field: "not_whole_hours"}
    if len(hours) == len(_HOURS) and hours[0] == hours[1]:
        return {field: "equal_hours"}
    start, end = (rule.get(name) for name in _DAYS)
    if start and end and end <= start:
        return {field: "surcharge_ends_first"}
    return {}
