"""The stored values of entities, and the latest one."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.faults import Json
from simulators.timeline import Run, Timeline
from simulators.times import DAY

from .model import Device, Entity, ExtraRow
from .releases import LONG_AS_NUMBER, Release
from .sources import Recorded, Register
from .world import World

RETENTION = 365 * DAY
NO_LATEST = ("HISTORY", "NONE")
NO_HISTORY = ("LATEST", "NONE")
_STATUS = "@status"


@dataclass(frozen=True, slots=True)
class Sample:
    """A value (None: null) at a time in seconds since 1970-01-01 UTC."""

    when: int
    value: Json

    @property
    def millis(self) -> str:
        """Return the time in the server's form: milliseconds, as a string."""
        return str(self.when * 1000)


@dataclass(frozen=True, slots=True)
class Store:
    """The values that the server has stored at `now` (seconds since 1970-01-01 UTC)."""

    world: World
    now: int

    def latest(self, entity: Entity) -> Sample | None:
        """Return the latest value of a property; None if it has never reported."""
        if entity.kind != "PROPERTY" or entity.store_mode in NO_LATEST:
            return None
        found = self.instants(entity)
        recorded = entity.template.source
        if isinstance(recorded, Recorded) and recorded.latest is not None:
            when, value = recorded.latest
            # A row of an old time that came late does not replace the latest value.
            if not self._later(entity, when):
                return Sample(when, value)
        return self.sample(entity, found[-1]) if len(found) else None

    def stored(self, entity: Entity) -> Timeline:
        """Return the instants of the stored values: those of the last year."""
        if entity.store_mode in NO_HISTORY:
            return Timeline()
        return self.instants(entity, self.now - RETENTION)

    def extra_rows(self, entity: Entity) -> list[ExtraRow]:
        """Return the single values of the last year that have arrived."""
        oldest = (self.now - RETENTION) * 1000
        return [
            row
            for row in entity.extra
            if row.arrived <= self.now and row.millis >= oldest
        ]

    def instants(self, entity: Entity, start: int = 0) -> Timeline:
        """Return the instants since `start` at which an entity received a value."""
        start = max(start, entity.created)
        if entity.key in self.world.silent:
            return Timeline()
        written = [when for when, _ in entity.site.written.get(entity.identifier, [])]
        if isinstance(source := entity.template.source, Recorded):
            reported = entity.device.reported if entity.device is not None else []
            return _points([*source.times, *written, *reported], start, self.now)
        joining = entity.template.schedule == "joining"
        if entity.identifier == _STATUS and entity.device is not None:
            log = self._status_log(entity.device)
            return _points([when for when, _ in log], start, self.now)
        if entity.template.source is None:
            return _points(written, start, self.now)
        if joining or entity.device is None:
            return _points([entity.created, *written], start, self.now)
        return entity.device.reports(start, self.now, written)

    def _later(self, entity: Entity, when: int) -> bool:
        """Return True if an entity was written or has reported again since then."""
        reported = entity.device.reported if entity.device is not None else []
        written = entity.site.written.get(entity.identifier, [])
        return any(at > when for at in (*reported, *(at for at, _ in written)))

    def sample(self, entity: Entity, when: int) -> Sample:
        """Return the value that an entity received at one of its instants."""
        value = self._value(entity, when)
        for override in self.world.overrides.get(entity.key, ()):
            if override.covers(when):
                made = override.value
                value = made(value) if callable(made) else made
        return Sample(when, value)

    def status(self, device: Device) -> str | None:
        """Return ONLINE, OFFLINE or None (unknown)."""
        if device.status is not None:
            return device.status or None
        late = self._late_at(device)
        if late is None:
            return None
        return "ONLINE" if self.now <= late else "OFFLINE"

    def _late_at(self, device: Device) -> int | None:
        """Return when the device counts, or will count, as offline."""
        last = device.last_report(self.now)
        minutes = device.site.last_written("ms-offline-timeout", self.now)
        timeout = minutes if isinstance(minutes, int) else 1500
        return None if last is None else last + timeout * 60

    def _status_log(self, device: Device) -> list[tuple[int, Json]]:
        """Return the times and values of the status; it starts online."""
        status = self.status(device)
        if status is None:
            return []
        late = self._late_at(device)
        if status == "ONLINE" or late is None or late >= self.now:
            return [(device.created, status)]
        return [(device.created, "ONLINE"), (late + 1, status)]

    def _value(self, entity: Entity, when: int) -> Json:
        """Return the value before overrides."""
        source = entity.template.source
        if isinstance(source, Recorded):
            written = entity.site.last_written(entity.identifier, when)
            return source.value(when) if written is None else written
        if entity.identifier == _STATUS and entity.device is not None:
            return dict(self._status_log(entity.device)).get(when)
        site = entity.site
        written = site.last_written(entity.identifier, when)
        if written is not None:
            return written
        if source is None:
            return None
        value = source.at(site, entity.identifier, when)
        if entity.scale is not None and not isinstance(value, str):
            value = value * entity.scale
        return CASTS[entity.value_type](value)


def _points(instants: list[int], start: int, end: int) -> Timeline:
    """Return a timeline of single instants in [start, end]."""
    found = sorted({when for when in instants if start <= when <= end})
    return Timeline(Run(when, 1, (0,), 1) for when in found)


def _as_double(value: Json) -> Json:
    """Return a number as a float."""
    return float(value) if isinstance(value, (int, float)) else value


def _as_long(value: Json) -> Json:
    """Return a number as an integer."""
    return int(value) if isinstance(value, (int, float)) else value


def _same(value: Json) -> Json:
    """Return the value itself."""
    return value


def text(value: Json) -> str:
    """Return a value the way Java writes it: true, 21.0, 1013."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


CASTS: dict[str, Callable[[Json], Json]] = {
    "STRING": text,
    "LONG": _as_long,
    "DOUBLE": _as_double,
    "BOOLEAN": _same,
    "BINARY": _same,
    "OBJECT": _same,
}


def latest_json(value: Json, release: Release) -> Json:
    """Return a latest value: a LONG is a string before 1.2.2."""
    return value if LONG_AS_NUMBER.has(release) else history_json(value)


def history_json(value: Json) -> Json:
    """Return a value of a history: a LONG is a string in every version."""
    is_long = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_long else value


def register(entity: Entity) -> Register:
    """Return the register of an entity; raise TypeError if it has none."""
    source = entity.template.source
    if not isinstance(source, Register):
        raise TypeError(f"{entity.identifier} is not a register")
    return source
