"""What an entry has that a tariff can be for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from ..metering.model import Point, Quantity
from ..prices.maths.targets import role_of, tariffs_of
from ..prices.maths.tariff import Base, Tariff, TariffRole
from ..prices.stored import CONF_APPLIES_TO, CONF_METERS, FOR_METERS
from ..prices.stored_values import Stored
from ..prices.units import base_amount

_MINOR_UNITS: Mapping[str, str] = {
    "AUD": "c",
    "CAD": "c",
    "CHF": "ct",
    "DKK": "øre",
    "EUR": "ct",
    "GBP": "p",
    "NOK": "øre",
    "NZD": "c",
    "PLN": "gr",
    "SEK": "öre",
    "USD": "c",
}
"""What a hundredth of a currency is called in the unit of a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTargets:
    """The points of an entry that can be priced, and their names, by key.

    `currency` is that of all prices, and `zone` that of the times of a tariff.
    """

    points: Mapping[str, Point]
    names: Mapping[str, str]
    currency: str
    zone: tzinfo

    @property
    def roles(self) -> list[TariffRole]:
        """Return the roles that points have, in their usual order."""
        found = {role_of(point) for point in self.points.values()}
        return [role for role in TariffRole if role in found]

    @property
    def has_registers(self) -> bool:
        """Return True if a point is the register of one of a meter's tariffs."""
        return any(each.tariff_number is not None for each in self.points.values())

    def chosen(self, data: Stored) -> list[Point]:
        """Return the points that the data of a tariff are for."""
        applies_to = data.get(CONF_APPLIES_TO)
        if applies_to != FOR_METERS:
            return [p for p in self.points.values() if role_of(p) == applies_to]
        keys = data.get(CONF_METERS)
        return [
            self.points[key]
            for key in (keys if isinstance(keys, list) else [])
            if key in self.points
        ]

    def of(self, tariff: Tariff) -> list[Point]:
        """Return the points that a tariff is for."""
        return [p for p in self.points.values() if tariffs_of(p, [tariff])]


def is_gas(data: Stored, points: list[Point]) -> bool:
    """Return True if prices of gas may be per kWh while meters count m³, or reverse."""
    return data.get(CONF_APPLIES_TO) == TariffRole.GAS or any(
        point.quantity is Quantity.GAS for point in points
    )


def price_units(data: Stored, points: list[Point], currency: str) -> list[str]:
    """Return the units to offer for the prices of points, the usual one first."""
    minor = _MINOR_UNITS.get(currency)
    money = [currency] if minor is None else [currency, minor]
    per_energy = [f"{each}/kWh" for each in money] + [f"{currency}/MWh"]
    per_energy += [f"{currency}/GJ"] if _counts_gigajoules(points) else []
    per_volume = [f"{each}/m³" for each in money]
    are_volumes = any(base_amount(p.unit, Base.VOLUME, None) for p in points)
    are_energies = any(base_amount(p.unit, Base.ENERGY, None) for p in points)
    if is_gas(data, points):
        both = (per_volume, per_energy) if are_volumes else (per_energy, per_volume)
        return [*both[0], *both[1]]
    if are_volumes and are_energies:
        return [*per_energy, *per_volume]
    return per_volume if are_volumes else per_energy


def _counts_gigajoules(points: list[Point]) -> bool:
    """Return True if a point counts in GJ, as heat often is."""
    return any(point.unit == "GJ" for point in points)
