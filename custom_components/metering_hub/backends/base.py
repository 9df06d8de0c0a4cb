"""The interface between the backends and the generic part of the integration."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from aiohttp import ClientSession

from ..metering.energy_breakdown import BreakdownQuery, EnergyBreakdown
from ..metering.inventory import Inventory, SettingGroup
from ..metering.model import Point, PricePeriod, Reading, Value
from ..metering.p1_readings import P1Readings
from ..metering.point_settings import PointSettings
from ..metering.register_rules import Rejected
from ..metering.server_data import ServerData, ServerQuery
from .common.bounds import INVENTORY_LIMIT
from .common.http import Json
from .errors import BackendError

type Setting = str | bool | list[str]
"""The value of a field; a list for fields with several values."""

type Settings = Mapping[str, Setting]
"""The values of a backend's fields by field name."""

type Memory = Mapping[str, Json]
"""What a backend keeps over restarts: JSON without personal data."""

EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)
"""No platform is older. Clocks that nobody has set begin in 1970 or 2000."""


class FieldKind(StrEnum):
    """The input that a form shows for a field."""

    URL = "url"
    TEXT = "text"
    EMAIL = "email"
    KEY = "key"
    """A secret that is pasted, so surrounding whitespace is stripped."""

    PASSWORD = "password"  # noqa: S105 -- the kind of a field, not a password
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    """A selection of the choices that the inventory offers (`Inventory.choices`)."""

    TEXTS = "texts"
    """A list of texts that the user enters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a backend's form; `name` is its key in the config entry.

    `identifies` marks the fields that distinguish entries of a server without an
    identity of its own. `section` groups fields that few users need.
    """

    name: str
    kind: FieldKind
    default: Setting | None = None
    required: bool = True
    section: str | None = None
    choices: tuple[str, ...] = ()
    identifies: bool = False

    @property
    def is_personal(self) -> bool:
        """Return True for what the user enters, which may identify a person."""
        return self.kind is FieldKind.TEXTS

    @property
    def is_secret(self) -> bool:
        """Return True if the value must never be shown."""
        return self.kind in (FieldKind.KEY, FieldKind.PASSWORD)

    def with_default(self, value: object) -> Field:
        """Return the field with the stored value as its default, if there is one."""
        if isinstance(value, str | bool | list):
            return replace(self, default=value)
        return self


class Capability(StrEnum):
    """An optional ability of a backend."""

    HISTORY = "history"
    COMPARISON = "comparison"
    DAY_TOTALS = "day_totals"
    ENERGY_BREAKDOWN = "energy_breakdown"
    KINDS = "kinds"
    """The user can say the kind of a point, which `Backend.use_settings` follows."""

    NOTIFICATIONS = "notifications"
    PRICES = "prices"
    RENAME = "rename"
    """The server takes over the name that the user gives to a device."""

    RECEIVE = "receive"
    """The server takes the readings of another reader of its meter."""

    SERVER_DATA = "server_data"
    """The server can be asked for data in its own terms."""

    UPLOAD = "upload"
    """The server stores values of Home Assistant in a series of its own."""

    UNCONFIRMED = "unconfirmed"
    """The server shows a written value before the device has it."""

    WATCH = "watch"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identity of a server or account.

    `unique_id` is stable, or `None` if the server has no identity. It never contains
    a serial number in plain text.
    """

    unique_id: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The latest readings of the requested points.

    Points without a reading are missing. `failed` maps the points whose endpoint
    failed, while others answered, to the error. `pending` are the points that there
    was no time for: callers keep what they know of them, and ask for them soon.
    """

    readings: Mapping[str, Reading]
    failed: Mapping[str, BackendError] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChunk:
    """A bounded piece of history: all readings of the requested points.

    Chunks are in chronological order. Later chunks have no new readings from before
    `until`, but may repeat a reading of an earlier chunk. `failed` maps the points that
    could not be read in this pass, while others could, to the error. `rejected` are the
    readings whose time is impossible, and which `readings` therefore lacks.
    """

    readings: Mapping[str, Sequence[Reading]]
    until: datetime
    failed: Mapping[str, BackendError] = field(default_factory=dict)
    rejected: Mapping[str, Sequence[Rejected]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChanges:
    """The part of history that may have changed since the last check.

    `since` is the earliest moment that may have changed, or `None` if nothing has.
    `mark` is the backend's note of what it saw, which is passed to the next check.
    """

    since: datetime | None
    mark: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a server has changed in the last days since an earlier comparison.

    `since` maps the keys of the points whose history differs to the earliest moment
    that may. `seen` is what the next comparison needs; it is kept over restarts.
    """

    since: Mapping[str, datetime]
    seen: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTarget:
    """A series of the server that values can be uploaded into.

    `key` identifies it on the server. `unit` is spelled as in Home Assistant.
    """

    key: str
    name: str = field(repr=False)
    unit: str | None


class DataState(StrEnum):
    """What uploaded values are: as they were measured, or checked and cleaned."""

    RAW = "raw"
    CLEAN = "clean"


class Backend(ABC):
    """A connection to one server.

    Methods raise only BackendError, and all moments are aware and in UTC. The
    capabilities of the spec declare which optional methods a backend implements.
    """

    home_zone: tzinfo = UTC
    """The time zone of Home Assistant."""

    inventory_limit: timedelta = INVENTORY_LIMIT
    """How long an inventory may take; longer only where devices are read one by one."""

    @property
    def time_zone(self) -> tzinfo:
        """Return the time zone that defines the start of the server's days.

        A server without one of its own has that of the home.
        """
        return self.home_zone

    @property
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return timedelta()

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned before a restart; called before `connect`.

        The memory may be empty or come from an older version of the backend.
        """
        return

    def remember(self) -> Memory:
        """Return what to keep over a restart."""
        return {}

    def use_settings(self, settings: Mapping[str, PointSettings]) -> None:
        """Follow what the user said about points, by point key, in the inventory.

        Called before `connect`. The key may be one of the point's `former_keys`, or
        that of a point that is gone.
        """
        return

    @abstractmethod
    async def connect(self) -> Identity:
        """Log in and return the identity of the server."""

    @abstractmethod
    async def inventory(self) -> Inventory:
        """Return the devices and points that the server currently has."""

    async def check_setup(self) -> Mapping[str, str]:
        """Return the errors in the setup fields: translation keys by field name.

        Called when the user submits the form, so that errors are shown there.
        """
        return {}

    def checked_setup(self) -> Settings:
        """Return the setup fields that `check_setup` has completed, to be stored."""
        return {}

    @property
    def needs_inventory(self) -> bool:
        """Return True if the server showed that the last inventory is outdated.

        It stays True until the next inventory. Callers ask after each read and each
        announced change.
        """
        return False

    @property
    def inventory_progress(self) -> float | None:
        """Return which share of a running inventory is done, if that is known."""
        return None

    @abstractmethod
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest readings of the points, in few requests."""

    def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings of the points in [start, end], oldest chunk first.

        Requires Capability.HISTORY.
        """
        raise NotImplementedError

    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the first reading of any of the points, if there is one.

        Requires Capability.HISTORY.
        """
        raise NotImplementedError

    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Return which history from `start` on may have changed, in few requests.

        `mark` is the one of the previous call, or `None` for the first call. By
        default, all history may have changed.
        """
        return HistoryChanges(since=start, mark=None)

    async def compare_history(
        self, points: Collection[Point], start: datetime, seen: Memory
    ) -> Comparison | None:
        """Return which points have another history from `start` on than was `seen`.

        That takes a request or two for many points. Points that `seen` does not know
        differ from `start` on. `None` means that this release of the server cannot
        say. Requires Capability.COMPARISON.
        """
        raise NotImplementedError

    async def day_totals(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> Mapping[str, Mapping[date, float]]:
        """Return the server's own totals of the local days in [start, end].

        They are by point key and day of `time_zone`, in the units of the points; days
        without a total that is at hand are missing. Requires Capability.DAY_TOTALS.
        """
        raise NotImplementedError

    async def prices(self, start: datetime, end: datetime) -> Sequence[PricePeriod]:
        """Return the prices in [start, end], oldest first and without overlaps.

        Requires Capability.PRICES.
        """
        raise NotImplementedError

    async def server_data(
        self, point: Point, query: ServerQuery, most: int
    ) -> ServerData:
        """Return a page of about so many values, as the server itself returns them.

        Raises RejectedError if the server refuses what is asked. Requires
        Capability.SERVER_DATA.
        """
        raise NotImplementedError

    async def solar_forecast(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> Mapping[datetime, float]:
        """Return the solar production that the server expects in [start, end), in Wh.

        It is by the start of the UTC hour, and empty if nothing is predicted, which is
        the default. Callers may ask often.
        """
        return {}

    async def write(self, point: Point, value: Value | None) -> None:
        """Set a writable point, or trigger an ACTION point (with the value `None`).

        Raises RejectedError with the server's reason if it rejects the value.
        Requires Capability.WRITE.
        """
        raise NotImplementedError

    async def write_group(
        self, group: SettingGroup, values: Mapping[str, Value]
    ) -> None:
        """Set values of a group, by the keys of its fields, in one request.

        Raises RejectedError, before anything is sent, for a value that a field cannot
        have and without a required one, and with the server's reason if it rejects the
        values. Requires Capability.WRITE.
        """
        raise NotImplementedError

    async def rename_device(self, device_key: str, name: str) -> None:
        """Give a device another name on the server. Requires Capability.RENAME."""
        raise NotImplementedError

    async def energy_breakdown(
        self, device_key: str, query: BreakdownQuery
    ) -> EnergyBreakdown:
        """Return what the energy of a device was used for.

        Raises NoBreakdownError for a device that has none, and IncompatibleUnitError if
        the server cannot convert to the unit. Requires Capability.ENERGY_BREAKDOWN.
        """
        raise NotImplementedError

    async def mark_read(self, point: Point, notification: str) -> None:
        """Mark a notification of a NOTIFICATIONS point as read, by its key.

        One that is read already is none the worse. Raises RejectedError if the server
        no longer has it. Requires Capability.NOTIFICATIONS.
        """
        raise NotImplementedError

    async def upload_target(self, series: str, campaign: str | None) -> UploadTarget:
        """Return the series with an id or name, as the server has it now.

        Names may be unique only within a campaign, which is given by its id or name,
        too. Raises NoTargetError if there is no such series, and ManyTargetsError if
        there are several. Requires Capability.UPLOAD.
        """
        raise NotImplementedError

    async def upload(
        self, target: UploadTarget, values: Mapping[datetime, float], state: DataState
    ) -> None:
        """Store values in a series, in its unit and by whole seconds.

        What the server has at the same moment stays, so uploading again changes
        nothing. Requires Capability.UPLOAD.
        """
        raise NotImplementedError

    async def send_telegram(self, telegram: str) -> bool:
        """Hand a raw P1 telegram to the server, with a single request.

        Returns False, and sends nothing, if the server has its moment already. Raises
        RejectedError with the server's reason if it rejects the telegram. Requires
        Capability.RECEIVE.
        """
        raise NotImplementedError

    async def send_readings(self, readings: P1Readings) -> bool:
        """Hand readings of a P1 port to the server, in the same way as a telegram.

        Requires Capability.RECEIVE.
        """
        raise NotImplementedError

    def watch(self) -> AsyncIterator[frozenset[str]]:
        """Yield the keys of changed points for as long as the connection lasts.

        The first set, which may be empty, confirms the connection. When it is lost,
        the iterator ends or raises BackendError, and the caller reconnects later.
        Unknown keys are ignored. Canceling or closing the iterator closes the
        connection. Requires Capability.WATCH.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSpec:
    """The description of a backend: its form fields, intervals and factory.

    `title` is what its servers are called, and `manufacturer` is who makes it. People
    open the `website` if the server has no pages of its own.
    `example_url` is an address as users may enter it, and `page_segments` are the path
    segments at which a pasted one is cut (see `normalize_url`). `setup_fields` are
    shown with the device selection if the inventory reports them as undecided or offers
    choices for them. Recent history is read every `history_interval`, and
    `history_window` is how far back late or corrected readings are expected. `currency`
    is the ISO 4217 code of all costs and prices. No reading of the platform is older
    than `earliest`. `mqtt_topics` are those at which the platform sends over MQTT if
    its user wants that, which shows that there is a server. `identify` returns the
    identity of a server that has none of its own, from its fields.
    """

    key: str
    name: str
    title: str
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
    earliest: datetime = EARLIEST
    mqtt_topics: tuple[str, ...] = ()
    example_url: str = "192.168.1.5"
    identify: Callable[[Settings], str] | None = None
    manufacturer: str | None = None
    website: str | None = None
