"""What a counter of energy or volume counts, by the words of its names.

Whether energy flows in or out is never guessed: a register that counts what flows out,
or what is produced, has no role until the user gives it one.
"""

import re

from ...metering.model import Quantity, Role
from ..common.quantity_words import named_quantities, named_quantity
from ..common.units import Family, family_of
from .measurements import Measurement, instant, register
from .words import COUNTED, EXPORTED, PRODUCED, STORED, plain_words

_NOT_HEAT = re.compile(r"(?i)heat[ _-]?pump|w(?:ä|ae)rmepumpe|pompe[ _]à[ _]chaleur")
"""Things with heat in their names that use electricity."""


def counted_energy(unit: str | None, text: str) -> Measurement:
    """Return the measurement of a unit of energy, by the words that name the entity."""
    named = named_quantities(_NOT_HEAT.sub(" ", text))
    if Quantity.GAS in named:
        return register(Quantity.ENERGY, unit, Role.GAS)
    if Quantity.HEAT in named or family_of(unit) is Family.HEAT:
        return register(Quantity.HEAT, unit)
    return register(Quantity.ENERGY, unit, Role.DEVICE if _is_consumed(text) else None)


def _is_consumed(text: str) -> bool:
    """Return True if energy neither flows out nor is produced."""
    words = plain_words(text)
    return not EXPORTED.search(words) and not PRODUCED.search(words)


def counted_volume(unit: str | None, text: str, device_name: str) -> Measurement:
    """Return the measurement of a volume: one that has flowed, or one that is there."""
    words = plain_words(f"{text} {device_name}")
    if STORED.search(words):
        return instant(Quantity.STORED_VOLUME, unit)
    named = named_quantity(text, device_name)
    if named is Quantity.WATER:
        return register(Quantity.WATER, unit, Role.WATER)
    if named is Quantity.GAS:
        return register(Quantity.GAS, unit, Role.GAS)
    if COUNTED.search(words):
        return register(named or Quantity.VOLUME, unit)
    return instant(Quantity.STORED_VOLUME, unit)
