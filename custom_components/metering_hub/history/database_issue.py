"""The repair issue about a database that does not accept the history."""

from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..const import DOMAIN

REPORT_AFTER = timedelta(hours=1)
"""How long writes must have failed. A restart of the database is shorter."""


class DatabaseIssue:
    """Report writes that keep failing, until an import succeeds."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize without a failure."""
        self._hass = hass
        self._entry = entry
        self._failing_since: datetime | None = None

    def report(self, reason: str) -> None:
        """Record a failed write; create the issue if they have failed for an hour."""
        now = dt_util.utcnow()
        self._failing_since = self._failing_since or now
        if now - self._failing_since >= REPORT_AFTER:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                database_issue_id(self._entry),
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key="history_not_stored",
                translation_placeholders={
                    "title": self._entry.title,
                    "reason": reason,
                },
            )

    def clear(self) -> None:
        """Delete the issue after an import that succeeded."""
        self._failing_since = None
        ir.async_delete_issue(self._hass, DOMAIN, database_issue_id(self._entry))


def database_issue_id(entry: ConfigEntry) -> str:
    """Return the id of the repair issue about a database that refuses rows."""
    return f"history_not_stored_{entry.entry_id}"
