"""The rules that warn of odd hours and reject nothing.

They stand on those of the metering field: validation, estimation and editing (VEE). As
there, what is odd is kept, and reported to a person who can find out why.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from ...metering.data_quality import WarningRule
from .arrival_checks import find_prolonged_estimation, find_stale
from .checked_hours import CheckedSpan, DataWarning
from .level_checks import find_unit_changes
from .sum_checks import find_contradictions
from .use_checks import find_spikes, find_zero_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningCheck:
    """One rule: what it says, the clause of the field behind it, and what finds it."""

    rule: WarningRule
    statement: str
    clause: str
    find: Callable[[CheckedSpan], Iterator[DataWarning]]


WARNING_CHECKS = (
    WarningCheck(
        rule=WarningRule.SPIKE,
        statement="An hour is far above the third highest of its day and all before.",
        clause="CPUC VEE 2.0 (spike check)",
        find=find_spikes,
    ),
    WarningCheck(
        rule=WarningRule.ZERO_RUN,
        statement="A meter that is always used stands still.",
        clause="Elexon BSCP502 section 4 (zero advance); NL Meetcode 5.3.9",
        find=find_zero_runs,
    ),
    WarningCheck(
        rule=WarningRule.STALE,
        statement="No newer reading has come for longer than is usual for the meter.",
        clause="VDN MeteringCode 2006 A7 (completeness)",
        find=find_stale,
    ),
    WarningCheck(
        rule=WarningRule.SUM_CHECK,
        statement="A day differs from its power, its parts or the server's own sum.",
        clause="VDN MeteringCode 2006 A7 (sum check); CPUC VEE 2.0 (sum check)",
        find=find_contradictions,
    ),
    WarningCheck(
        rule=WarningRule.UNIT_CHANGED,
        statement="All hours are a multiple of what they were: the unit has changed.",
        clause="Elexon BSCP502 section 4 (pulse multiplier); CPUC VEE 2.0 (unit check)",
        find=find_unit_changes,
    ),
    WarningCheck(
        rule=WarningRule.PROLONGED_ESTIMATION,
        statement="Hours are estimated for more than a day, or for half of a week.",
        clause="Elexon BSCP502 section 4 (prolonged estimation)",
        find=find_prolonged_estimation,
    ),
)
"""The rules in the order of `WarningRule`."""


def find_warnings(
    span: CheckedSpan, disabled: Collection[WarningRule] = ()
) -> Sequence[DataWarning]:
    """Return what the rules find that are not disabled, newest first."""
    found = [
        warning
        for check in WARNING_CHECKS
        if check.rule not in disabled
        for warning in check.find(span)
    ]
    return sorted(
        found, key=lambda warning: (warning.start, warning.point), reverse=True
    )
