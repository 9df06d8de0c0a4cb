"""What the audit remembers over restarts of Home Assistant.

Nothing of it is a value of a statistic: what is lost is checked or imported once more.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Self

from ...backends.common.http import Json
from ...backends.common.parse import as_integer, as_number, as_object
from ..maths.rows import as_datetime


class Span(NamedTuple):
    """The hours from `start` to before `end`, both in UTC."""

    start: datetime
    end: datetime

    def contains(self, other: Span) -> bool:
        """Return True if another span lies within this one."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSummary:
    """The hours of the last audit, and what was repaired since the installation.

    `hours` is `None` before the first audit since the start.
    """

    hours: int | None = None
    repaired: int = 0
    newest_repair: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditMemory:
    """The state of the audit of a config entry; maps are by statistic id.

    `audited` is the start of the last row that was audited. `versions` is, by the key
    of the point, the version of the rules by which all its rows were imported. `kept`
    are the spans that are not reported again. `is_clean` is False from a start until
    Home Assistant stops or the entry is unloaded without a fault that is left.
    `repaired` counts the faults that were repaired since the installation, and
    `newest_repair` is the latest span of them.
    """

    audited: Mapping[str, datetime] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    is_clean: bool = True
    repaired: int = 0
    newest_repair: Span | None = None

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Return the memory that `as_json` returned; what is invalid is forgotten."""
        values = as_object(stored)
        audited = {
            statistic_id: as_number(moment)
            for statistic_id, moment in as_object(values.get("audited")).items()
        }
        versions = {
            statistic_id: as_integer(version)
            for statistic_id, version in as_object(values.get("versions")).items()
        }
        return cls(
            audited={
                statistic_id: as_datetime(moment)
                for statistic_id, moment in audited.items()
                if moment is not None
            },
            versions={
                statistic_id: version
                for statistic_id, version in versions.items()
                if version is not None
            },
            kept={
                statistic_id: _as_spans(spans)
                for statistic_id, spans in as_object(values.get("kept")).items()
            },
            is_clean=values.get("is_clean") is not False,
            repaired=as_integer(values.get("repaired")) or 0,
            newest_repair=_as_span(values.get("newest_repair")),
        )

    def as_json(self) -> dict[str, Json]:
        """Return the memory as JSON, with moments in epoch seconds."""
        return {
            "audited": {
                statistic_id: moment.timestamp()
                for statistic_id, moment in self.audited.items()
            },
            "versions": dict(self.versions),
            "kept": {
                statistic_id: [_span_as_json(span) for span in spans]
                for statistic_id, spans in self.kept.items()
            },
            "is_clean": self.is_clean,
            "repaired": self.repaired,
            "newest_repair": self.newest_repair and _span_as_json(self.newest_repair),
        }

    def is_kept(self, statistic_id: str, span: Span) -> bool:
        """Return True if a span of a statistic is not reported again."""
        return any(kept.contains(span) for kept in self.kept.get(statistic_id, ()))

    def keeping(self, spans: Mapping[str, Sequence[Span]]) -> Self:
        """Return the memory that does not report these spans again."""
        kept = {
            statistic_id: sorted({*self.kept.get(statistic_id, ()), *more})
            for statistic_id, more in spans.items()
        }
        return replace(self, kept={**self.kept, **kept})

    def having_audited(self, latest: Mapping[str, datetime]) -> Self:
        """Return the memory after an audit that reached these rows."""
        return replace(self, audited={**self.audited, **latest})

    def having_imported(self, keys: Iterable[str], version: int) -> Self:
        """Return the memory after points were imported by a version of the rules."""
        return replace(self, versions={**self.versions, **dict.fromkeys(keys, version)})

    def having_lost(self, keys: Collection[str]) -> Self:
        """Return the memory that does not know by which rules points were imported."""
        versions = {
            key: version for key, version in self.versions.items() if key not in keys
        }
        return replace(self, versions=versions)

    def having_repaired(self, spans: Sequence[Span]) -> Self:
        """Return the memory after faults were repaired."""
        return replace(
            self,
            repaired=self.repaired + len(spans),
            newest_repair=max(spans, default=self.newest_repair),
        )


def _as_spans(stored: Json) -> Sequence[Span]:
    """Return the valid spans of a JSON list."""
    if not isinstance(stored, list):
        return ()
    return [span for each in stored if (span := _as_span(each)) is not None]


def _as_span(stored: Json) -> Span | None:
    """Return the span of two epoch seconds, or None."""
    match stored:
        case [int() | float() as start, int() | float() as end]:
            return Span(as_datetime(start), as_datetime(end))
    return None


def _span_as_json(span: Span) -> Json:
    """Return a span as two epoch seconds."""
    return [span.start.timestamp(), span.end.timestamp()]
