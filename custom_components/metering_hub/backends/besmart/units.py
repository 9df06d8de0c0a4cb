"""What the signals of besmart.energy are: names, units, and how they behave.

Source of the known types: ../shared/wire/besmart.md, "Signal types". The server's own
list of types has more of them, in Polish and without saying which ones are registers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import re

from ...metering.model import Quantity, Role
from .models import SignalType


class Family(StrEnum):
    """Units that can be converted into each other."""

    ENERGY = "energy"
    REACTIVE_ENERGY = "reactive_energy"
    APPARENT_ENERGY = "apparent_energy"
    POWER = "power"
    REACTIVE_POWER = "reactive_power"
    APPARENT_POWER = "apparent_power"
    VOLTAGE = "voltage"
    CURRENT = "current"
    FREQUENCY = "frequency"


@dataclass(frozen=True, slots=True)
class _Unit:
    family: Family
    size: int


_PREFIXES: Mapping[str, int] = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_BASES: Mapping[str, Family] = {
    "Wh": Family.ENERGY,
    "varh": Family.REACTIVE_ENERGY,
    "VAh": Family.APPARENT_ENERGY,
    "W": Family.POWER,
    "var": Family.REACTIVE_POWER,
    "VA": Family.APPARENT_POWER,
    "V": Family.VOLTAGE,
    "A": Family.CURRENT,
    "Hz": Family.FREQUENCY,
}
_UNITS: Mapping[str, _Unit] = {
    f"{prefix}{base}": _Unit(family, size)
    for base, family in _BASES.items()
    for prefix, size in _PREFIXES.items()
}
_SPELLINGS: Mapping[str, str] = {
    **{unit.casefold(): unit for unit in _UNITS if unit.startswith("k")},
    "m3": "m³",
    "m3/h": "m³/h",
    "c": "°C",
}
_QUANTITIES: Mapping[str, Quantity] = {
    "K": Quantity.TEMPERATURE,
    "°C": Quantity.TEMPERATURE,
    **{unit: Quantity(each.family.value) for unit, each in _UNITS.items()},
}
_ENERGIES = frozenset({Family.ENERGY, Family.REACTIVE_ENERGY, Family.APPARENT_ENERGY})
_REGISTER_CODE = re.compile(r"(?:\d+-\d+:)?\d+\.8\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSignal:
    """A type of signal that we have a name for in every language.

    `unit` is what it has been seen with. `per_minute` says that there is a sample every
    minute instead of every quarter of an hour.
    """

    name: str
    unit: str
    is_register: bool
    placeholders: Mapping[str, str] = field(default_factory=dict)
    per_minute: bool = False


def _register(
    name: str, unit: str, placeholders: Mapping[str, str] | None = None
) -> KnownSignal:
    return KnownSignal(
        name=name, unit=unit, is_register=True, placeholders=placeholders or {}
    )


def _line(name: str, unit: str, phase: int) -> KnownSignal:
    return KnownSignal(
        name=name,
        unit=unit,
        is_register=False,
        placeholders={"phase": f"L{phase}"},
        per_minute=True,
    )


SOLAR = 70
KNOWN: Mapping[int, KnownSignal] = {
    32: _register("active_energy_delivered", "kWh"),
    34: _register("active_energy_returned", "kWh"),
    **{
        34 + 2 * number: _register(
            "reactive_energy_quadrant", "kvarh", {"quadrant": str(number)}
        )
        for number in (1, 2, 3, 4)
    },
    44: _register("apparent_energy_delivered", "kVAh"),
    46: _register("apparent_energy_returned", "kVAh"),
    **{52 + phase: _line("phase_voltage", "V", phase) for phase in (1, 2, 3)},
    **{55 + phase: _line("phase_power_current", "A", phase) for phase in (1, 2, 3)},
    SOLAR: KnownSignal(name="solar_power", unit="kW", is_register=False),
    103: KnownSignal(
        name="grid_frequency", unit="Hz", is_register=False, per_minute=True
    ),
    139: KnownSignal(name="outside_temperature", unit="K", is_register=False),
}
ROLES: Mapping[int, Role] = {
    32: Role.GRID_DELIVERED,
    34: Role.GRID_RETURNED,
    SOLAR: Role.SOLAR,
}
_ROLES_BY_CODE: Mapping[str, Role] = {
    "1.8.0": Role.GRID_DELIVERED,
    "2.8.0": Role.GRID_RETURNED,
}


def normal_unit(text: str | None) -> str | None:
    """Return a unit in Home Assistant's spelling: "kW.h" is "kWh", "kV.A.h" "kVAh"."""
    if text is None or not (plain := text.strip().replace(".", "").replace("·", "")):
        return None
    if plain in _UNITS:
        return plain
    return _SPELLINGS.get(plain.casefold(), plain)


def unit_factor(unit: str | None, wanted: str | None) -> float | None:
    """Return what a value is multiplied by to be in a `wanted` unit, if it can."""
    if unit == wanted:
        return 1.0
    own, other = _UNITS.get(unit or ""), _UNITS.get(wanted or "")
    if own is None or other is None or own.family is not other.family:
        return None
    return own.size / other.size


def quantity_of(unit: str | None) -> Quantity:
    """Return what a unit measures; of an unknown one, only that it counts."""
    return _QUANTITIES.get(unit or "", Quantity.COUNT)


def is_energy(unit: str | None) -> bool:
    """Tell whether a unit is one of energy, so that values may be a register's."""
    known = _UNITS.get(unit or "")
    return known is not None and known.family in _ENERGIES


def known_signal(moid: int, unit: str | None) -> KnownSignal | None:
    """Return the known type, unless its unit says that it is something else here."""
    known = KNOWN.get(moid)
    if known is None or unit is None or unit_factor(unit, known.unit) is not None:
        return known
    if moid == SOLAR and is_energy(unit):
        return KnownSignal(name="solar_energy", unit="kWh", is_register=False)
    return None


def is_register(
    moid: int, type_: SignalType | None, unit: str | None, only_grows: bool | None
) -> bool | None:
    """Tell whether values are a meter's position; `None` where nobody can tell yet.

    What the server says comes first, then the OBIS code (x.8.y is a register by
    definition), then the known types, and at last whether an energy only ever grows.
    """
    if type_ is not None and type_.is_incremental:
        return True
    if type_ is not None and _REGISTER_CODE.fullmatch(type_.obis or ""):
        return True
    if type_ is not None and type_.is_incremental is not None:
        return False
    if (known := known_signal(moid, unit)) is not None:
        return known.is_register
    return only_grows if is_energy(unit) else False


def role_of(moid: int, type_: SignalType | None) -> Role | None:
    """Return what an energy is to a home: by the known types, or by its OBIS code."""
    code = (type_.obis or "") if type_ is not None else ""
    return ROLES.get(moid) or _ROLES_BY_CODE.get(code.rpartition(":")[2])
