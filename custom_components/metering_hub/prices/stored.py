"""Read a tariff from the data of a config subentry.

The data of a subentry of type `tariff`; its title is the tariff's name:

| key | value |
|---|---|
| `applies_to` | a `TariffRole`, or "meters" |
| `meters` | the keys of the points, if it applies to meters |
| `valid_from`, `valid_to` | full hours of the backend's local time (`read_moment`), |
| | "2026-01-31T14:00:00"; the end is exclusive |
| `currency`, `unit` | such as "EUR" and "ct/kWh": those of all prices below |
| `heating_value` | kWh per m³ of gas, optional |
| `holidays_as_sundays` | True or False |
| `price_type` | a `PriceType` |
| `price` | of "fixed"; of "timed" for all other hours, optional if there are rules |
| `rules` | of "timed": `months`, `weekdays`, `from_hour`, `to_hour`, `price` |
| `price_1`, `price_2` | of "registers"; one may be missing |
| `source` | of "sensor" and "action" (`prices.sources`) |
| `surcharges` | `amount`, `type` ("amount", if it is missing, or "percent"), |
| | times as in `rules`, and |
| | `valid_from`, `valid_to` (days, the end exclusive) |
| `daily`, `monthly` | fixed costs in the currency |

What can be left out may also be `None`. Data that are broken, such as those that
somebody has edited by hand, are no tariff: a price that cannot be read is not zero.
"""

from datetime import datetime, tzinfo
from enum import StrEnum

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from .maths.tariff import (
    HOURS,
    FixedPrice,
    Price,
    RegisterPrice,
    Rule,
    SourcePrice,
    Surcharge,
    Tariff,
    TariffRole,
    TimedPrice,
    When,
)
from .stored_values import (
    Stored,
    read_flag,
    read_list,
    read_moment,
    read_needed_number,
    read_needed_text,
    read_number,
    read_rules,
    read_text,
    read_texts,
)
from .units import read_price_unit

SUBENTRY_TYPE = "tariff"
FOR_METERS = "meters"

CONF_APPLIES_TO = "applies_to"
CONF_CURRENCY = "currency"
CONF_DAILY = "daily"
CONF_FROM_HOUR = "from_hour"
CONF_HEATING_VALUE = "heating_value"
CONF_HOLIDAYS = "holidays_as_sundays"
CONF_METERS = "meters"
CONF_MONTHLY = "monthly"
CONF_MONTHS = "months"
CONF_PRICE = "price"
CONF_PRICE_1 = "price_1"
CONF_PRICE_2 = "price_2"
CONF_PRICE_TYPE = "price_type"
CONF_RULES = "rules"
CONF_SOURCE = "source"
CONF_SURCHARGES = "surcharges"
CONF_TO_HOUR = "to_hour"
CONF_TYPE = "type"
CONF_UNIT = "unit"
CONF_VALID_FROM = "valid_from"
CONF_VALID_TO = "valid_to"
CONF_WEEKDAYS = "weekdays"

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERCENT = "percent"
AMOUNT = "amount"

_MONTHS = range(1, 13)


class PriceType(StrEnum):
    """How the price of a tariff is said."""

    FIXED = "fixed"
    TIMED = "timed"
    REGISTERS = "registers"
    SENSOR = "sensor"
    ACTION = "action"


def stored_tariffs[Data](
    entry: ConfigEntry[Data], zone: tzinfo, currency: str
) -> list[Tariff]:
    """Return the tariffs of an entry that are in a currency."""
    found = (
        tariff_of(each, zone, currency)
        for each in entry.get_subentries_of_type(SUBENTRY_TYPE)
    )
    return [tariff for tariff in found if tariff is not None]


def broken_tariffs[Data](
    entry: ConfigEntry[Data], zone: tzinfo
) -> list[ConfigSubentry]:
    """Return the tariffs of an entry that cannot be read in their own currency."""
    return [
        subentry
        for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE)
        if tariff_of(subentry, zone, str(subentry.data.get(CONF_CURRENCY))) is None
    ]


def tariff_of(subentry: ConfigSubentry, zone: tzinfo, currency: str) -> Tariff | None:
    """Return the tariff of a subentry, unless it is broken or in another currency."""
    return read_tariff(
        subentry.subentry_id, subentry.title, subentry.data, zone, currency
    )


def read_tariff(
    key: str, name: str, data: Stored, zone: tzinfo, currency: str
) -> Tariff | None:
    """Return the tariff of stored data, unless they are broken.

    There is none in another currency than that of the data either.
    """
    try:
        return _read_tariff(key, name, data, zone, currency)
    except ValueError, OverflowError:
        return None


def _read_tariff(
    key: str, name: str, data: Stored, zone: tzinfo, currency: str
) -> Tariff | None:
    """Return the tariff of stored data, if it is in a currency.

    Raises ValueError and OverflowError.
    """
    if data.get(CONF_CURRENCY) != currency:
        return None
    unit = read_price_unit(read_text(data, CONF_UNIT), currency)
    start, end = _validity(data, zone)
    if unit is None or start is None:
        raise ValueError(CONF_UNIT if unit is None else CONF_VALID_FROM)
    is_for_meters = data.get(CONF_APPLIES_TO) == FOR_METERS
    return Tariff(
        key=key,
        name=name,
        base=unit.base,
        start=start,
        end=end,
        role=None
        if is_for_meters
        else TariffRole(read_needed_text(data, CONF_APPLIES_TO)),
        points=_points(data) if is_for_meters else frozenset(),
        price=_price(data, unit.factor),
        surcharges=tuple(
            _surcharge(each, unit.factor, zone)
            for each in read_rules(data, CONF_SURCHARGES)
        ),
        daily=read_number(data, CONF_DAILY) or 0.0,
        monthly=read_number(data, CONF_MONTHLY) or 0.0,
        heating_value=_heating_value(data),
        are_holidays_sundays=read_flag(data, CONF_HOLIDAYS),
    )


def _points(data: Stored) -> frozenset[str]:
    """Return the keys of the points that a tariff is for; raises ValueError."""
    points = frozenset(read_texts(data, CONF_METERS))
    if not points:
        raise ValueError(CONF_METERS)
    return points


def _heating_value(data: Stored) -> float | None:
    """Return the stored energy of a m³ of gas; raises ValueError."""
    value = read_number(data, CONF_HEATING_VALUE)
    if value is not None and value <= 0:
        raise ValueError(CONF_HEATING_VALUE)
    return value


def _price(data: Stored, factor: float) -> Price:
    """Return the price of stored data, per kWh or m³ in the currency.

    Raises ValueError.
    """
    match PriceType(read_needed_text(data, CONF_PRICE_TYPE)):
        case PriceType.FIXED:
            return FixedPrice(price=read_needed_number(data, CONF_PRICE) * factor)
        case PriceType.TIMED:
            return _timed_price(data, factor)
        case PriceType.REGISTERS:
            prices = {
                1: read_number(data, CONF_PRICE_1),
                2: read_number(data, CONF_PRICE_2),
            }
            found = {
                number: each * factor
                for number, each in prices.items()
                if each is not None
            }
            if not found:
                raise ValueError(CONF_PRICE_1)
            return RegisterPrice(prices=found)
        case PriceType.SENSOR | PriceType.ACTION:
            return SourcePrice(source=read_needed_text(data, CONF_SOURCE))


def _timed_price(data: Stored, factor: float) -> TimedPrice:
    """Return the stored prices of rules, and of all other hours; raises ValueError."""
    rules = tuple(
        Rule(when=_when(each), price=read_needed_number(each, CONF_PRICE) * factor)
        for each in read_rules(data, CONF_RULES)
    )
    otherwise = read_number(data, CONF_PRICE)
    if otherwise is None and not rules:
        raise ValueError(CONF_RULES)
    return TimedPrice(
        rules=rules, otherwise=None if otherwise is None else otherwise * factor
    )


def _surcharge(data: Stored, factor: float, zone: tzinfo) -> Surcharge:
    """Return a stored surcharge, an amount per kWh or m³ in the currency.

    Raises ValueError and OverflowError.
    """
    kind = read_text(data, CONF_TYPE) or AMOUNT
    if kind not in (AMOUNT, PERCENT):
        raise ValueError(CONF_TYPE)
    is_percent = kind == PERCENT
    amount = read_needed_number(data, AMOUNT)
    start, end = _validity(data, zone)
    return Surcharge(
        amount=amount if is_percent else amount * factor,
        is_percent=is_percent,
        when=_when(data),
        start=start,
        end=end,
    )


def _when(data: Stored) -> When:
    """Return the stored times of a rule; raises ValueError."""
    return When(
        months=frozenset(map(_month, read_list(data, CONF_MONTHS))),
        weekdays=frozenset(map(WEEKDAYS.index, read_texts(data, CONF_WEEKDAYS))),
        start=_hour(data, CONF_FROM_HOUR, usual=0),
        end=_hour(data, CONF_TO_HOUR, usual=HOURS),
    )


def _month(stored: object) -> int:
    """Return a stored month, which may be a text; raises ValueError."""
    return _MONTHS[_MONTHS.index(int(str(stored)))]


def _hour(data: Stored, name: str, *, usual: int) -> int:
    """Return a stored full hour; raises ValueError."""
    number = read_number(data, name)
    if number is None:
        return usual
    if not number.is_integer() or not 0 <= number <= HOURS:
        raise ValueError(name)
    return int(number)


def _validity(data: Stored, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """Return when something stored begins and ends to apply, in UTC.

    Raises ValueError and OverflowError.
    """
    start = read_moment(data, CONF_VALID_FROM, zone)
    end = read_moment(data, CONF_VALID_TO, zone)
    if start is not None and end is not None and end <= start:
        raise ValueError(CONF_VALID_TO)
    return start, end
