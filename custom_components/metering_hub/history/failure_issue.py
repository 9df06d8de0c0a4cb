"""The repair issues about imports that keep failing, and rows that are refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..const import DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    """A kind of failure that becomes a repair issue once it has lasted `after`."""

    key: str
    after: timedelta
    severity: ir.IssueSeverity

    def issue_id(self, entry: ConfigEntry) -> str:
        """Return the id of the issue of a config entry."""
        return f"{self.key}_{entry.entry_id}"


SERVER_FAILURE = FailureKind(
    key="history_failed",
    after=timedelta(hours=24),
    severity=ir.IssueSeverity.WARNING,
)
"""Readings cannot be fetched."""

DATABASE_FAILURE = FailureKind(
    key="history_not_stored",
    # A restart of the database is shorter.
    after=timedelta(hours=1),
    severity=ir.IssueSeverity.ERROR,
)
"""The database does not accept rows."""

NO_DATABASE = FailureKind(
    key="history_no_database",
    # It never comes back by itself.
    after=timedelta(),
    severity=ir.IssueSeverity.ERROR,
)
"""There is no database to write to before Home Assistant is restarted."""

FAILURES = (SERVER_FAILURE, DATABASE_FAILURE, NO_DATABASE)


class FailureIssue:
    """Report a kind of failure that keeps happening, until an import succeeds."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, kind: FailureKind
    ) -> None:
        """Initialize without a failure."""
        self._hass = hass
        self._entry = entry
        self._kind = kind
        self._failing_since: datetime | None = None

    def report(self, reason: str) -> None:
        """Record a failure; create the issue if it has happened for long enough."""
        now = dt_util.utcnow()
        self._failing_since = self._failing_since or now
        if now - self._failing_since >= self._kind.after:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                self._kind.issue_id(self._entry),
                is_fixable=False,
                severity=self._kind.severity,
                translation_key=self._kind.key,
                translation_placeholders={
                    "title": self._entry.title,
                    "reason": reason,
                },
            )

    def clear(self) -> None:
        """Delete the issue after an import that succeeded."""
        self._failing_since = None
        ir.async_delete_issue(self._hass, DOMAIN, self._kind.issue_id(self._entry))
