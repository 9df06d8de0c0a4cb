"""What series measure, by their units and names.

Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Mapping

from ...metering.model import Quantity
from ..common.quantity_words import named_quantity
from ..common.unit_quantities import quantity_of
from ..common.units import Family, canonical_unit, family_of, is_difference
from .models import Series

_WIND = {Quantity.WIND_SPEED: ("wind", "wiatr", "du vent", "viento", "vento")}
_NAMED: Mapping[str, Mapping[Quantity, tuple[str, ...]]] = {
    "%": {
        Quantity.HUMIDITY: (
            "humid",
            "hygro",
            "feucht",
            "vocht",
            "wilgot",
            "humed",
            "umidi",
        ),
        Quantity.BATTERY: ("batter",),
    },
    "ppm": {Quantity.CARBON_DIOXIDE: ("co2", "co₂", "carbon dioxide")},
    "ppb": {Quantity.VOC_RATIO: ("voc",)},
    "μg/m³": {
        Quantity.PM25: ("pm2.5", "pm25", "pm2_5"),
        Quantity.PM10: ("pm10",),
        Quantity.PM1: ("pm1",),
        Quantity.VOC: ("voc",),
    },
    "m/s": _WIND,
    "km/h": _WIND,
    "mph": _WIND,
    "kn": _WIND,
}
"""Ambiguous units, and the parts of series names that determine the quantity."""

_BURNT = frozenset({Quantity.FUEL, Quantity.GAS})
_GAS = {Family.VOLUME: Quantity.GAS, Family.MASS: Quantity.FUEL}
_FUEL = {Family.VOLUME: Quantity.FUEL, Family.MASS: Quantity.FUEL}
_NETWORK = {
    Family.ENERGY: Quantity.HEAT,
    # What circulates in a network is neither drinking water nor burnt.
    Family.VOLUME: Quantity.VOLUME,
    Family.MASS: Quantity.MASS,
}
_LINKED: Mapping[str, Mapping[Family, Quantity]] = {
    "electricity": {Family.HEAT: Quantity.ENERGY},
    "natural gas": _GAS,
    "propane gas": _GAS,
    "heating oil": _FUEL,
    "wood log": _FUEL,
    "wood pellet": _FUEL,
    "wood chips": _FUEL,
    "heating network": _NETWORK,
    "cooling network": _NETWORK,
}
"""What the server's energies are, where their units alone say something else."""


def is_counted(series: Series, *, is_linked: bool) -> bool:
    """Return True for a series of positions or amounts, by its unit, link and name.

    A mass without a link is counted if it is burnt; others are of things on a scale.
    """
    family = family_of(canonical_unit(series.unit))
    if family is Family.MASS and not is_linked:
        return _named_quantity(series) in _BURNT
    return family is not Family.OTHER


def counted_quantity(series: Series, energy: str | None) -> Quantity:
    """Return the quantity of positions or amounts, which may be linked to an energy.

    The link decides before the name.
    """
    unit = canonical_unit(series.unit)
    family = family_of(unit)
    if linked := _LINKED.get(energy or "", {}).get(family):
        return linked
    if family is Family.VOLUME:
        return _named_quantity(series) or Quantity.VOLUME
    if family is Family.MASS and _named_quantity(series) in _BURNT:
        return Quantity.FUEL
    return quantity_of(unit)


def _named_quantity(series: Series) -> Quantity | None:
    """Return what a series' name names or, if it names nothing, its description."""
    return named_quantity(series.name, series.description)


def measured_quantity(series: Series) -> Quantity:
    """Return the quantity of a measured value.

    An unknown quantity is COUNT, which has no device class in Home Assistant.
    """
    unit = canonical_unit(series.unit)
    low = f"{series.name} {series.description}".lower()
    for quantity, words in _NAMED.get(unit or "", {}).items():
        if any(word in low for word in words):
            return quantity
    found = quantity_of(unit)
    if found is Quantity.TEMPERATURE and is_difference(series.unit):
        return Quantity.TEMPERATURE_DIFFERENCE
    return found
