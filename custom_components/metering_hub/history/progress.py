"""How far an import is, and what is known of the data: what entities show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .audit.memory import AuditSummary
from .quality.report import QualityReport
from .rejected import RejectionReport

STATES = (
    *("waiting", "importing", "pricing"),
    *("up_to_date", "incomplete", "failed", "no_database"),
)
"""What an import is doing, or how the last one ended."""

REPORT_PROGRESS_FROM = timedelta(days=7)
"""Imports of a shorter span are not worth reporting their progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of an import: percent, the hour reached, rows written, and state.

    `state` is one of `STATES`. `unpriced` are the hours of the last 30 days with an
    amount and no price, by the name of the point. `failed` points could not be read,
    and those whose names are in `left_out` wait for an answer of the user. `rejected`
    is about all imports since the start, `audit` about the last audit, and `quality`
    about the last 30 days.
    """

    percent: float | None = None
    reached: datetime | None = None
    rows: int = 0
    state: str = "waiting"
    failed: int = 0
    left_out: tuple[str, ...] = ()
    unpriced: Mapping[str, int] = field(default_factory=dict)
    rejected: RejectionReport = field(default_factory=RejectionReport)
    audit: AuditSummary = field(default_factory=AuditSummary)
    quality: QualityReport = field(default_factory=QualityReport)

    @property
    def is_settled(self) -> bool:
        """Return True if all points are up to date but those that are left out."""
        is_waiting = self.state == "incomplete" and not self.failed
        return is_waiting or self.state == "up_to_date"
