"""What a backend is: the contract between the servers' worlds and the generic core."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from aiohttp import ClientSession

from ..metering.model import Inventory, Point, PricePeriod, Reading, Value
from .common.http import Json

type Setting = str | bool | list[str]
"""The value of a backend's field; a list where a person can say several things."""

type Settings = Mapping[str, Setting]
"""The values of a backend's fields, by field name."""

type Memory = Mapping[str, Json]
"""What a backend wants to know again after a restart: JSON, and nothing personal."""


class FieldKind(StrEnum):
    """How a form asks for a field."""

    URL = "url"
    TEXT = "text"
    EMAIL = "email"
    KEY = "key"
    """A secret that people paste, so blanks around it are never meant."""

    PASSWORD = "password"  # noqa: S105 -- the kind of a field, not a password
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    """Several of what the inventory offers for the field (`Inventory.choices`)."""

    TEXTS = "texts"
    """Several texts that a person types in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a backend's form; `name` is its key in the config entry.

    `identifies` marks the fields that tell one server account from another where the
    server itself gives no identity. `section` groups fields that few people need.
    """

    name: str
    kind: FieldKind
    default: Setting | None = None
    required: bool = True
    section: str | None = None
    choices: tuple[str, ...] = ()
    identifies: bool = False

    @property
    def is_secret(self) -> bool:
        """Tell whether the value must never be shown."""
        return self.kind in (FieldKind.KEY, FieldKind.PASSWORD)

    def with_default(self, value: object) -> Field:
        """Return the field with what was chosen before as its default, if anything."""
        if isinstance(value, str | bool | list):
            return replace(self, default=value)
        return self


class Capability(StrEnum):
    """What only some backends can do."""

    HISTORY = "history"
    PRICES = "prices"
    WATCH = "watch"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who answered: `unique_id` is stable, or `None` where the server has none.

    It never contains a serial number in plain text.
    """

    unique_id: str | None
    title: str
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest readings of the points asked for.

    A point that is missing has no reading. `failed` holds the points whose part of
    the server did not answer, while the rest did, and why.
    """

    readings: Mapping[str, Reading]
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChunk:
    """A bounded piece of the past: all readings of the points asked for.

    Chunks follow each other in time. After a chunk, nothing that was measured before
    `until` comes any more; a reading may repeat one of an earlier chunk.
    """

    readings: Mapping[str, Sequence[Reading]]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChanges:
    """What may differ from the last look: everything from `since` on.

    `since` is `None` where nothing differs. `mark` is the backend's own note of what it
    saw; it is handed back at the next look.
    """

    since: datetime | None
    mark: object


class Backend(ABC):
    """One server, logged in.

    Every method raises only BackendError; every time is aware UTC. What a backend can
    do beyond the abstract methods is declared in its spec's capabilities.
    """

    @property
    def time_zone(self) -> tzinfo:
        """Return the time zone in which the server's days begin."""
        return UTC

    def restore(self, memory: Memory) -> None:
        """Take over what `remember` returned before a restart; before `connect`.

        It may be of an older version of this backend, so that nothing is sure to be
        there. A backend that remembers nothing need not care.
        """
        return

    def remember(self) -> Memory:
        """Return what is worth knowing again after a restart."""
        return {}

    @abstractmethod
    async def connect(self) -> Identity:
        """Log in and tell who answers."""

    @abstractmethod
    async def inventory(self) -> Inventory:
        """Return the devices and points that the server has now."""

    async def check_setup(self) -> Mapping[str, str]:
        """Return what is wrong with the set-up fields: translation keys by field name.

        It is asked when a person filled them in, so that a typing error shows at once.
        """
        return {}

    @abstractmethod
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the newest reading of each of these points, in few requests."""

    def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings of these points in [start, end], oldest chunk first.

        For backends that declare Capability.HISTORY.
        """
        raise NotImplementedError

    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return when the oldest reading of any of these points was measured.

        `None` where there is none. For backends that declare Capability.HISTORY.
        """
        raise NotImplementedError

    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Tell by few requests what may have changed from `start` on.

        `mark` is what the last call gave, `None` at first. A backend that cannot tell
        says that everything may have changed.
        """
        return HistoryChanges(since=start, mark=None)

    async def prices(self, start: datetime, end: datetime) -> Sequence[PricePeriod]:
        """Return the prices in [start, end], oldest first, without overlaps.

        For backends that declare Capability.PRICES.
        """
        raise NotImplementedError

    async def write(self, point: Point, value: Value | None) -> None:
        """Set a writable point, or do what an ACTION stands for (value `None`).

        Raises RejectedError with the server's reason where it refuses the value.
        For backends that declare Capability.WRITE.
        """
        raise NotImplementedError

    def watch(self) -> AsyncIterator[frozenset[str]]:
        """Yield the keys of points that changed, for as long as a connection lasts.

        The first set, which may be empty, says that the connection stands. Where it is
        lost, this ends or raises BackendError; it is called again after a while, so
        that no backend need connect again itself. Keys of no point do no harm. When
        it is cancelled or closed, the connection is closed too. For backends that
        declare Capability.WATCH.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSpec:
    """A backend as the registry knows it: data for the forms, and how to make one.

    `page_segments` are path parts at which a pasted address is cut (see
    `normalise_url`). `setup_fields` are asked on the selection page, but only where
    the inventory says that the server cannot tell, or offers choices. Every
    `history_interval` the newest history is read, and `history_window` is how far back
    late or corrected readings are looked for. `currency` is the ISO 4217 code of all
    costs and prices.
    """

    key: str
    name: str
    fields: tuple[Field, ...]
    make: Callable[[ClientSession, Settings, Settings], Backend]
    poll_interval: timedelta
    history_interval: timedelta = timedelta(minutes=15)
    history_window: timedelta = timedelta(days=2)
    currency: str | None = None
    page_segments: frozenset[str] = frozenset()
    default_scheme: str = "http"
    setup_fields: tuple[Field, ...] = ()
    capabilities: frozenset[Capability] = frozenset()
