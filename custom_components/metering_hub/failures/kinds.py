"""The table of what may fail for long, and when users are told of it."""

from dataclasses import dataclass
from datetime import timedelta

from homeassistant.helpers import issue_registry as ir

from ..backends.errors import (
    AuthenticationError,
    BackendError,
    PermissionDeniedError,
    UnsupportedError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    """A kind of failure that becomes a repair issue once it has lasted `after`.

    `is_partial` if it follows from the failure of the whole server, whose issue then
    takes its place.
    """

    key: str
    after: timedelta
    severity: ir.IssueSeverity
    is_partial: bool = False

    def issue_id(self, entry_id: str) -> str:
        """Return the id of the issue of a config entry."""
        return f"{self.key}_{entry_id}"


ACCESS = FailureKind(
    key="access_denied",
    after=timedelta(minutes=15),
    severity=ir.IssueSeverity.ERROR,
)
"""The account is valid, but the server denies what it asks for."""

SERVER = FailureKind(
    key="server_away",
    after=timedelta(hours=24),
    severity=ir.IssueSeverity.WARNING,
)
"""The server does not answer, or not as it should."""

POINTS = FailureKind(
    key="points_missing",
    after=timedelta(hours=24),
    severity=ir.IssueSeverity.WARNING,
    is_partial=True,
)
"""Some points cannot be read, while others can."""

HISTORY = FailureKind(
    key="history_failed",
    after=timedelta(hours=24),
    severity=ir.IssueSeverity.WARNING,
    is_partial=True,
)
"""Stored readings cannot be fetched."""

DATABASE = FailureKind(
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

FAILURES = (ACCESS, SERVER, POINTS, HISTORY, DATABASE, NO_DATABASE)


@dataclass(frozen=True, slots=True)
class Condition:
    """What an error of a server means: `kind` is `None` if users learn it at once."""

    error: type[BackendError]
    kind: FailureKind | None


CONDITIONS = (
    # A reauthentication begins: a wrong password, a deactivated user.
    Condition(AuthenticationError, None),
    # An issue is created by its reason: a disabled API, an old version.
    Condition(UnsupportedError, None),
    # A revoked permission, an expired contract.
    Condition(PermissionDeniedError, ACCESS),
    Condition(BackendError, SERVER),
)
"""The first condition whose error fits counts."""


def kind_of(error: BackendError) -> FailureKind | None:
    """Return what a failure of the whole server is, unless users learn it at once."""
    return next(each.kind for each in CONDITIONS if isinstance(error, each.error))
