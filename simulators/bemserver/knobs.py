"""The knobs of the simulator: the server, its users and its data."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta

from simulators.times import epoch, utcnow

from .campus import campus, users_and_groups
from .meters import Exchanged
from .model import RAW, Group, Series, User, World
from .store import Gap, Store, Value

DEFAULT_EMAIL = "reader@example.com"
DEFAULT_PASSWORD = "reader-pass-1"  # noqa: S105  # A simulator's.
DAYS_PER_YEAR = 365.25


@dataclass
class Counters:
    """The number of logins and of token refreshes."""

    logins: int = 0
    failed_logins: int = 0
    refreshes: int = 0


@dataclass(eq=False)
class Knobs:
    """Everything that can be changed while the simulator runs; see each line.

    The first three determine how the world is built and have no effect later: `seed`,
    the length of the history in years, and the number of series that the reader sees
    (above that of the campus, a campaign of generic meters is added).
    """

    seed: int = 1
    years: float = 2.0
    series: int = 0
    _: KW_ONLY
    # The server.
    clock: Callable[[], datetime] = utcnow
    prefix: str = ""  # Such as "/api/v0"; read when `app` is built.
    loses_port: bool = True  # In the Location of a redirect, as behind nginx.
    url_limit: int | None = None  # nginx's, in bytes (about 1800); above it, a 502.
    core_version: str = "0.22.0"
    api_version: str = "0.27.0"
    database_down: bool = False
    # Logging in.
    secret_key: str = field(default="simulated-secret-key-of-32-bytes!", repr=False)
    access_lifetime: timedelta = timedelta(minutes=15)
    refresh_lifetime: timedelta = timedelta(days=60)
    users: list[User] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    # The data.
    world: World = field(init=False)
    store: Store = field(init=False, repr=False)
    counters: Counters = field(default_factory=Counters, init=False)
    stale_connections: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Build the campus, and its users unless there are others."""
        now = self.clock()
        days = timedelta(days=round(DAYS_PER_YEAR * self.years))
        start = (now - days).replace(hour=0, minute=0, second=0, microsecond=0)
        self.world = campus(now, start, seed=self.seed, series=self.series)
        self.store = Store(start)
        if not self.users:
            users, groups = users_and_groups(DEFAULT_EMAIL, DEFAULT_PASSWORD)
            self.users, self.groups = users, [*self.groups, *groups]

    @property
    def reader(self) -> User:
        """Return the first user who is not an administrator."""
        return next(user for user in self.users if not user.is_admin)

    @property
    def gaps(self) -> list[Gap]:
        """Return the gaps in the data, to be changed in place."""
        return self.store.gaps

    def restart_database(self, workers: int = 1) -> None:
        """Let the next request to each idle worker fail once.

        Source: docs/wire/bemserver.md, Server errors.
        """
        self.stale_connections = workers

    def without_clean(self) -> None:
        """Remove all Clean data, like an installation without the clean-up task."""
        for series in self.world.series.values():
            series.states &= {RAW}

    def exchange_meter(self, series: Series | int, at: datetime, position: int) -> None:
        """Replace a counter at `at` by a new one at a position in units."""
        item = self._series(series)
        if item.source is None:
            raise ValueError("A series without data has no meter")
        item.source = Exchanged(item.source, epoch(at), position * item.source.scale)

    def amount(
        self, series: Series | int, start: datetime, end: datetime, state: str = RAW
    ) -> float:
        """Return the sum of the stored values in [start, end), in the series' unit.

        The times are aware, in whole seconds.
        """
        item = self._series(series)
        values = self._values(item, state, (start, end))
        return sum(values) / item.scale

    def position(
        self, series: Series | int, at: datetime, state: str = RAW
    ) -> float | None:
        """Return the last value stored at or before `at`; None without any."""
        item = self._series(series)
        begin = item.since or self.store.start
        values = self._values(item, state, (begin, at + timedelta(seconds=1)))
        return values[-1] / item.scale if values else None

    def _series(self, series: Series | int) -> Series:
        """Return a series by itself or by its id."""
        return self.world.series[series] if isinstance(series, int) else series

    def _values(
        self, series: Series, state: str, times: tuple[datetime, datetime]
    ) -> list[Value]:
        """Return the stored values in a span of time."""
        span = epoch(times[0]), epoch(times[1])
        chunks = self.store.chunks(series, state, span, self.clock())
        return [value for _, values in chunks for value in values]
