"""A tariff: what is charged for the energy, gas, water or heat of some points.

All prices are per kWh, or per m³ if the tariff counts volumes; amounts are in one
currency. Moments are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

HOURS = 24


class TariffRole(StrEnum):
    """What a tariff is for, if it is not for chosen meters."""

    IMPORT = "import"
    EXPORT = "export"
    GAS = "gas"
    WATER = "water"
    HEAT = "heat"


class Base(StrEnum):
    """The unit that prices are per."""

    ENERGY = "kWh"
    VOLUME = "m³"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The local hours in which something applies; what is empty does not limit it.

    `months` are 1 to 12, and `weekdays` 0 (Monday) to 6. The hours are those from
    `start` to before `end`; a `start` after `end` means over midnight, and the same one
    means all hours. The weekday is that of the hour itself, also after midnight.
    """

    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    start: int = 0
    end: int = HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice:
    """The same price in every hour."""

    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A price in the hours in which it applies."""

    when: When
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPrice:
    """The price of the first rule that applies, or else `otherwise` if it is known."""

    rules: tuple[Rule, ...]
    otherwise: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPrice:
    """A price for each of a meter's registers, by the number of its tariff."""

    prices: Mapping[int, float] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePrice:
    """The prices of a sensor of Home Assistant, or of an action of its core.

    `source` identifies it (`prices.sources`).
    """

    source: str


type Price = FixedPrice | TimedPrice | RegisterPrice | SourcePrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """What is added to a price: an amount per unit, or per cent of the sum so far.

    Per cent of a negative sum make it more negative. It applies in [start, end), or for
    ever.
    """

    amount: float
    is_percent: bool = False
    when: When = field(default_factory=When)
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What is charged in [start, end) for a role, or for chosen points.

    It begins and ends at full local hours, as its surcharges do, which are added in
    their order. `daily` and `monthly` are charged for each local day, a month's by its
    number of days. `heating_value` is the energy in kWh of a m³, which converts between
    the units of gas. `are_holidays_sundays` is True if the weekday of a public holiday
    is Sunday.
    """

    key: str
    name: str
    base: Base
    start: datetime
    end: datetime | None = None
    role: TariffRole | None = None
    points: frozenset[str] = frozenset()
    price: Price
    surcharges: tuple[Surcharge, ...] = ()
    daily: float = 0.0
    monthly: float = 0.0
    heating_value: float | None = None
    are_holidays_sundays: bool = False

    def is_valid_at(self, moment: datetime) -> bool:
        """Return True if the tariff applies at a moment."""
        return self.start <= moment and (self.end is None or moment < self.end)

    @property
    def has_fixed_costs(self) -> bool:
        """Return True if something is charged whatever is used."""
        return bool(self.daily or self.monthly)
