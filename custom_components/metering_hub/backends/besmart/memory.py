"""What was learned of a server, and is remembered over restarts.

Endpoints came and went (see `client`). Each is tried once; where it is missing, that is
remembered, so that a server is not asked in vain all day.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..common.http import Json
from ..common.parse import as_decimal, as_integer, as_object, as_text
from ..errors import NotFoundError
from .models import SensorId, SignalId

LACKS_FOR = timedelta(days=7)
"""After so long, a missing endpoint is tried again: servers are updated, too."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The signals that a sensor was found to have, and when it was asked."""

    asked: datetime
    moids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Beginning:
    """When the oldest sample was measured (`None`: there is none), and when asked."""

    asked: datetime
    first: datetime | None


@dataclass(slots=True)
class Knowledge:
    """What was learned of a server and need not be asked again; nothing personal."""

    clock: Callable[[], datetime]
    lacking: dict[str, datetime] = field(default_factory=dict)
    probed: dict[SensorId, Probed] = field(default_factory=dict)
    units: dict[SignalId, str] = field(default_factory=dict)
    growing: dict[SignalId, bool] = field(default_factory=dict)
    beginnings: dict[SignalId, Beginning] = field(default_factory=dict)

    async def attempt[Answer](
        self, name: str, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer | None:
        """Ask an endpoint that not every server has; `None` where this one has not.

        Raises what `ask` raises, but no NotFoundError.
        """
        if self.lacks(name):
            return None
        try:
            return await ask()
        except NotFoundError:
            self.lacking[name] = self.clock()
            return None

    def lacks(self, name: str) -> bool:
        """Tell whether an endpoint was found missing not long ago."""
        since = self.lacking.get(name)
        return since is not None and self.clock() - since < LACKS_FOR

    def change_unit(self, signal: SignalId, unit: str | None) -> None:
        """Take a signal for what its data say now, instead of what was known."""
        self.growing.pop(signal, None)
        if unit is not None:
            self.units[signal] = unit

    def remember(self) -> dict[str, Json]:
        """Return everything as JSON, in an order that does not change by itself."""
        return {
            "lacking": {key: _seconds(at) for key, at in sorted(self.lacking.items())},
            "probed": {
                str(sensor): {
                    "asked": _seconds(probed.asked),
                    "moids": [*sorted(probed.moids)],
                }
                for sensor, probed in sorted(self.probed.items())
            },
            "units": {str(key): unit for key, unit in sorted(self.units.items())},
            "growing": {str(key): value for key, value in sorted(self.growing.items())},
            "beginnings": {
                str(signal): {
                    "asked": _seconds(begun.asked),
                    "first": None if begun.first is None else _seconds(begun.first),
                }
                for signal, begun in sorted(self.beginnings.items())
            },
        }

    def restore(self, memory: Mapping[str, Json]) -> None:
        """Take over what was remembered, as far as it can be read."""
        self.lacking |= {
            name: since
            for name, at in as_object(memory.get("lacking")).items()
            if (since := _moment(at)) is not None
        }
        for text, value in as_object(memory.get("probed")).items():
            sensor, row = sensor_id(text), as_object(value)
            asked, moids = _moment(row.get("asked")), row.get("moids")
            if sensor and asked and isinstance(moids, list):
                found = frozenset(m for each in moids if (m := as_integer(each)))
                self.probed[sensor] = Probed(asked, found)
        for signal, value in _by_signal(memory.get("units")):
            if (unit := as_text(value)) is not None:
                self.units[signal] = unit
        for signal, value in _by_signal(memory.get("growing")):
            if isinstance(value, bool):
                self.growing[signal] = value
        for signal, value in _by_signal(memory.get("beginnings")):
            row = as_object(value)
            if (asked := _moment(row.get("asked"))) is not None:
                first = _moment(row.get("first"))
                self.beginnings[signal] = Beginning(asked, first)

    def forget_others(self, sensors: Collection[SensorId]) -> None:
        """Drop what is known of sensors that are no longer there."""
        for gone in self.probed.keys() - set(sensors):
            del self.probed[gone]
        for known in (self.units, self.growing, self.beginnings):
            for signal in [each for each in known if each.sensor not in sensors]:
                del known[signal]


def sensor_id(text: str) -> SensorId | None:
    """Return the id that a text like "263429.582029" is; blanks around are no harm."""
    client, dot, mid = text.strip().partition(".")
    if not (dot and _is_number(client) and _is_number(mid)):
        return None
    return SensorId(int(client), int(mid))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def _signal_id(text: str) -> SignalId | None:
    sensor, _, moid = text.rpartition(".")
    found = sensor_id(sensor)
    return SignalId(found, int(moid)) if found and _is_number(moid) else None


def _by_signal(value: Json) -> Iterator[tuple[SignalId, Json]]:
    for text, each in as_object(value).items():
        if (signal := _signal_id(text)) is not None:
            yield signal, each


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _moment(value: Json) -> datetime | None:
    if (number := as_decimal(value)) is None:
        return None
    try:
        return datetime.fromtimestamp(float(number), UTC)
    except OverflowError, ValueError, OSError:
        return None
