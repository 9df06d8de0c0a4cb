"""Known types of signals: their names, units, roles, and which ones are registers.

Source: docs/wire/besmart.md, "Signal types". The server's own list has more types, but
their descriptions are in Polish, and newer editions do not report which are registers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re

from ...metering.model import Kind, Quantity, Role
from ..common.unit_quantities import is_energy
from ..common.units import unit_factor
from .media import (
    COUNTED,
    Medium,
    is_measured,
    is_volume,
    medium_of,
    quantity_of_medium,
)
from .models import SignalType
from .units import read_unit

_REGISTER_CODE = re.compile(r"(?:\d+-\d+:)?\d+\.8\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSignal:
    """A type of signal with a translated name.

    `unit` is its usual unit. `per_minute` is true if there is a sample every minute
    instead of every quarter of an hour.
    """

    name: str
    unit: str
    is_register: bool
    placeholders: Mapping[str, str] = field(default_factory=dict)
    per_minute: bool = False


def _register(
    name: str, unit: str, placeholders: Mapping[str, str] | None = None
) -> KnownSignal:
    """Return a type whose values are positions of a meter."""
    return KnownSignal(
        name=name, unit=unit, is_register=True, placeholders=placeholders or {}
    )


def _line(name: str, unit: str, phase: int) -> KnownSignal:
    """Return a type that is measured every minute on one of the three phases."""
    return KnownSignal(
        name=name,
        unit=unit,
        is_register=False,
        placeholders={"phase": f"L{phase}"},
        per_minute=True,
    )


SOLAR = 70
KNOWN_SIGNALS: Mapping[int, KnownSignal] = {
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
_ROLES: Mapping[int, Role] = {
    32: Role.GRID_DELIVERED,
    34: Role.GRID_RETURNED,
    SOLAR: Role.SOLAR,
}
_ROLES_BY_CODE: Mapping[str, Role] = {
    "1.8.0": Role.GRID_DELIVERED,
    "2.8.0": Role.GRID_RETURNED,
}


def known_signal(moid: int, unit: str | None) -> KnownSignal | None:
    """Return the known type, or None if its unit shows that it is something else."""
    known = KNOWN_SIGNALS.get(moid)
    if known is None or unit is None or unit_factor(unit, known.unit) is not None:
        return known
    if moid == SOLAR and is_energy(unit):
        return KnownSignal(name="solar_energy", unit="kWh", is_register=False)
    return None


def signal_unit(moid: int, type_: SignalType | None, unit: str | None) -> str | None:
    """Return the unit of a signal: of its data, of its type, or the usual one."""
    unit = unit or read_unit(type_.unit if type_ else None)
    known = known_signal(moid, unit)
    return unit or (known.unit if known else None)


def quantity_of_signal(type_: SignalType | None, unit: str | None) -> Quantity:
    """Return what a signal measures."""
    return quantity_of_medium(unit, medium_of(type_, unit))


def decide_kind(
    moid: int, type_: SignalType | None, unit: str | None, verdict: Kind | None
) -> Kind:
    """Return the kind of a signal with numbers, UNDECIDED while it is not certain.

    `verdict` is what its values were judged to be, and counts if nothing else is known.
    """
    is_register = _reported_as_register(moid, type_, unit)
    if is_register is None and not is_measured(unit):
        is_register = verdict is Kind.REGISTER or None
    if is_register:
        return Kind.REGISTER
    if quantity_of_signal(type_, unit) in COUNTED:
        return Kind.INTERVAL if is_register is False else verdict or Kind.UNDECIDED
    # Amounts of an unknown medium can also be the level of a tank.
    is_open = is_register is None and is_volume(unit)
    return Kind.UNDECIDED if is_open else Kind.INSTANT


def _reported_as_register(
    moid: int, type_: SignalType | None, unit: str | None
) -> bool | None:
    """Return True if a type is one of registers, or None if that is unknown.

    What the server reports comes first, then the OBIS code (x.8.y is a register by
    definition), then the known types.
    """
    if type_ is not None and type_.is_incremental:
        return True
    if type_ is not None and _REGISTER_CODE.fullmatch(type_.obis or ""):
        return True
    if type_ is not None and type_.is_incremental is not None:
        return False
    known = known_signal(moid, unit)
    return known.is_register if known else None


def depends_on_values(moid: int, type_: SignalType | None, unit: str | None) -> bool:
    """Return True if the values of a signal have to be judged to know its kind."""
    verdicts = (None, Kind.REGISTER)
    return len({decide_kind(moid, type_, unit, each) for each in verdicts}) > 1


def role_of(moid: int, type_: SignalType | None, unit: str | None) -> Role | None:
    """Return the role of a counted signal, by its known type, OBIS code or medium."""
    medium = medium_of(type_, unit)
    if medium is Medium.GAS:
        return Role.GAS
    quantity = quantity_of_medium(unit, medium)
    if quantity is Quantity.WATER:
        return Role.WATER
    return usual_role(moid, type_) if quantity is Quantity.ENERGY else None


def usual_role(moid: int, type_: SignalType | None) -> Role | None:
    """Return the role of a type in a home, whether it is an energy or a power."""
    code = (type_.obis or "") if type_ is not None else ""
    return _ROLES.get(moid) or _ROLES_BY_CODE.get(code.rpartition(":")[2])
