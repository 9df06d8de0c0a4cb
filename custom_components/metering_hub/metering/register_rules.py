"""The rules that decide which readings of a meter are believed.

They stand on those of the metering field: validation, estimation and editing (VEE).
Only a value above the meter's capacity, a negative amount, an unusable status and an
impossible time reject a reading for good. A reading that contradicts others is rejected
only if that rejects the fewest: what came back was never away.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .model import Quantity


class Severity(StrEnum):
    """What a rule does with a reading."""

    REJECT = "reject"
    """The reading is never used."""

    HOLD = "hold"
    """The reading is used once later readings confirm it."""

    WARN = "warn"
    """The reading is used, and what was concluded from it is reported."""


class Rule(StrEnum):
    """The rules by name, as they appear in attributes and in answers of actions."""

    CAPACITY = "capacity"
    CORRECTION = "correction"
    EXCURSION = "excursion"
    FUTURE = "future"
    NEGATIVE = "negative"
    NEW_REGISTER = "new_register"
    REPEATED = "repeated"
    TOO_OLD = "too_old"
    UNDECIDED = "undecided"
    UNUSUAL = "unusual"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRule:
    """One rule: its severity, what it says, and the clause of the field behind it."""

    rule: Rule
    severity: Severity
    statement: str
    clause: str


RULES = (
    RegisterRule(
        rule=Rule.CAPACITY,
        severity=Severity.REJECT,
        statement="An advance exceeds what the meter can measure in that time.",
        clause="VDN MeteringCode 2006 A7 (plausibility); CPUC VEE 2.0 (high usage)",
    ),
    RegisterRule(
        rule=Rule.NEGATIVE,
        severity=Severity.REJECT,
        statement="The amount of an interval is below zero.",
        clause="CPUC VEE 2.0 (negative consumption)",
    ),
    RegisterRule(
        rule=Rule.FUTURE,
        severity=Severity.REJECT,
        statement="A reading is more than five minutes in the future.",
        clause="NL Meetcode 5.3.9 (clock deviation); CPUC VEE 2.0 (time tolerance)",
    ),
    RegisterRule(
        rule=Rule.TOO_OLD,
        severity=Severity.REJECT,
        statement="A reading is older than the platform: its clock was never set.",
        clause="NL Meetcode 5.3.9 (clock deviation)",
    ),
    RegisterRule(
        rule=Rule.REPEATED,
        severity=Severity.REJECT,
        statement="Another reading of the same moment is better founded or was later.",
        clause="Elexon BSCP502 section 4 (duplicate readings)",
    ),
    RegisterRule(
        rule=Rule.EXCURSION,
        severity=Severity.REJECT,
        statement="A run of readings left the line, which later readings continued.",
        clause="VDN MeteringCode 2006 A7 (comparison of positions)",
    ),
    RegisterRule(
        rule=Rule.CORRECTION,
        severity=Severity.REJECT,
        statement="The register goes on slightly lower, so readings above were wrong.",
        clause="VDN MeteringCode 2006 A8 (replacement by measured values)",
    ),
    RegisterRule(
        rule=Rule.UNUSUAL,
        severity=Severity.HOLD,
        statement="An advance exceeds all others together and is ten times as fast.",
        clause="CPUC VEE 2.0 (spike check); Elexon BSCP502 section 4",
    ),
    RegisterRule(
        rule=Rule.UNDECIDED,
        severity=Severity.HOLD,
        statement="A reading contradicts the line, and nothing has decided it yet.",
        clause="VDN MeteringCode 2006 A7 (readings to be clarified)",
    ),
    RegisterRule(
        rule=Rule.NEW_REGISTER,
        severity=Severity.WARN,
        statement="A new register begins: nothing is counted across.",
        clause="NL Meetcode 5.3.9 (exchange); Elexon BSCP502 section 4 (exchange)",
    ),
)
"""The rules in the order in which they are applied."""


NEVER_NEGATIVE = frozenset(
    {
        Quantity.APPARENT_ENERGY,
        Quantity.COUNT,
        Quantity.DEGREE_DAYS,
        Quantity.DURATION,
        Quantity.ENERGY,
        Quantity.FUEL,
        Quantity.GAS,
        Quantity.HEAT,
        Quantity.MASS,
        Quantity.PRECIPITATION,
        Quantity.VOLUME,
        Quantity.WATER,
    }
)
"""The quantities of which an amount is never below zero. Reactive energy and charge
have a direction, and a cost or a price may be an income."""


class Rejected(NamedTuple):
    """A reading that a rule rejects or holds: epoch seconds, value and rule."""

    time: float
    value: float
    rule: Rule
