"""What a server wants its user to know."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An unread notification.

    `key` identifies it on the server. `level` is the server's word for how serious it
    is, `category` for what it is about, and `source` for what has noticed it.
    """

    key: str
    time: datetime
    level: str | None = None
    category: str | None = None
    source: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)
