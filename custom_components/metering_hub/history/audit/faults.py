"""Compare the faults that two audits have found."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from .audit import span_of, without_kept
from .check_queries import FaultKind
from .memory import AuditMemory, Span
from .recorder_checks import Fault

type Faults = Mapping[str, Sequence[Fault]]
"""Faults by statistic id."""


def are_known(faults: Faults, known: Faults) -> bool:
    """Return True if all faults are among known ones."""
    return _identities(faults) <= _identities(known)


def repaired_spans(before: Faults, after: Faults) -> Sequence[Span]:
    """Return the hours of the faults that are gone."""
    left = _identities(after)
    return [
        span_of(fault)
        for statistic_id, faults in before.items()
        for fault in faults
        if (statistic_id, fault.kind, fault.start) not in left
    ]


def reported_faults(faults: Faults, memory: AuditMemory) -> Faults:
    """Return the faults without those that are kept."""
    left = {
        statistic_id: without_kept(memory, statistic_id, each)
        for statistic_id, each in faults.items()
    }
    return {statistic_id: each for statistic_id, each in left.items() if each}


def _identities(faults: Faults) -> set[tuple[str, FaultKind, datetime]]:
    """Return what is the same of a fault that is found again."""
    return {
        (statistic_id, fault.kind, fault.start)
        for statistic_id, each in faults.items()
        for fault in each
    }
