"""What the unit of a price means, and how many units of a price a meter's unit is."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.const import UnitOfEnergy, UnitOfVolume
from homeassistant.util.unit_conversion import EnergyConverter, VolumeConverter

from ..backends.common.units import canonical_unit
from .maths.tariff import Base

_HUNDREDTH = 0.01
_NAMES: Mapping[str, frozenset[str]] = {
    "€": frozenset({"EUR"}),
    "euro": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "$": frozenset({"AUD", "CAD", "NZD", "USD"}),
    "kr": frozenset({"DKK", "ISK", "NOK", "SEK"}),
    "zł": frozenset({"PLN"}),
    "kč": frozenset({"CZK"}),
    "ft": frozenset({"HUF"}),
    "fr.": frozenset({"CHF"}),
    "lei": frozenset({"RON"}),
}
"""The currencies that a name, in lower case, may mean."""

_HUNDREDTHS: Mapping[str, frozenset[str]] = {
    "c€": frozenset({"EUR"}),
    "p": frozenset({"GBP"}),
    "pence": frozenset({"GBP"}),
    "øre": frozenset({"DKK", "NOK"}),
    "öre": frozenset({"SEK"}),
    "gr": frozenset({"PLN"}),
    "rp.": frozenset({"CHF"}),
    "rp": frozenset({"CHF"}),
}
"""The currencies whose hundredth has a name of its own."""

_CENTS = frozenset({"c", "cent", "cents", "ct", "ct.", "¢"})
_WITHOUT_CENTS = frozenset({"DKK", "GBP", "NOK", "PLN", "SEK"})
"""A cent is one of another currency there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUnit:
    """A unit of prices: what one of it is per kWh or m³ in the currency."""

    base: Base
    factor: float


def read_price_unit(unit: str | None, currency: str) -> PriceUnit | None:
    """Return what a unit such as "ct/kWh" means, or `None` if that is not known.

    A unit of another currency is not known either.
    """
    above, slash, below = (unit or "").partition("/")
    money = _part_of_currency(above.strip(), currency)
    if not slash or money is None:
        return None
    meter_unit = canonical_unit(below)
    for base in Base:
        if size := base_amount(meter_unit, base, None):
            return PriceUnit(base=base, factor=money / size)
    return None


def _part_of_currency(text: str, currency: str) -> float | None:
    """Return how much of the currency a text such as "ct" stands for, if it does."""
    name = text.casefold()
    if text.upper() == currency or currency in _NAMES.get(name, ()):
        return 1.0
    is_cent = name in _CENTS and currency not in _WITHOUT_CENTS
    if is_cent or currency in _HUNDREDTHS.get(name, ()):
        return _HUNDREDTH
    return None


def base_amount(
    unit: str | None, base: Base, heating_value: float | None
) -> float | None:
    """Return how many kWh or m³ one of a meter's units is, or `None` if unknown.

    `heating_value` is the energy in kWh of a m³ of gas.
    """
    if unit in EnergyConverter.VALID_UNITS:
        energy = EnergyConverter.convert(1, unit, UnitOfEnergy.KILO_WATT_HOUR)
        if base is Base.ENERGY:
            return energy
        return energy / heating_value if heating_value else None
    if unit in VolumeConverter.VALID_UNITS:
        volume = VolumeConverter.convert(1, unit, UnitOfVolume.CUBIC_METERS)
        if base is Base.VOLUME:
            return volume
        return volume * heating_value if heating_value else None
    return None
