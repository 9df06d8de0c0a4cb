"""Compare the quality of every hour with what the simulators did to the readings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from simulators.dirt import Dirt
from simulators.dirt_quality import HourQuality, Qualities
from simulators.dirt_truth import Expected
from simulators.times import DAY, HOUR, epoch, utcnow

from .check import SETTLED, twin_of
from .check_dirty import SHOWN, cause_of, expected_of
from .home_assistant import HomeAssistant
from .progress import say
from .servers import Server

UNKNOWN = 0
"""The code of an hour of which nothing is known."""

_ASKED_AT_ONCE = 90 * DAY
"""The action answers with a limited number of spans."""

_JUDGED = frozenset({"energy", "volume"})
"""The classes of units whose hours have a quality."""

type Codes = Mapping[int, int]
"""The codes of hours by their start; hours without one are measured."""


class MarkedSpan(TypedDict, total=False):
    """Hours of one quality, as the action `get_gaps` returns them."""

    start: str
    end: str
    quality: str
    method: str


@dataclass(frozen=True, slots=True)
class WrongQuality:
    """Hours in a row that are marked alike, and wrongly in the same way."""

    start: int
    hours: int
    marked: int
    right: Qualities

    def __str__(self) -> str:
        """Return a line for a list."""
        start = datetime.fromtimestamp(self.start, UTC)
        right = " or ".join(each.name.lower() for each in sorted(self.right))
        return (
            f"{start:%Y-%m-%d %H}h, {self.hours} hours: "
            f"{name_of_code(self.marked)} instead of {right}"
        )


def name_of_code(code: int) -> str:
    """Return the name of the quality with a code."""
    return "unknown" if code == UNKNOWN else HourQuality(code).name.lower()


def known_hours(expected: Expected, end: int) -> Iterator[tuple[int, Qualities]]:
    """Yield the hours before `end` whose quality the simulator knows, oldest first."""
    first = end if expected.first is None else expected.first
    for hour in range(first // HOUR * HOUR, end - HOUR + 1, HOUR):
        if right := expected.quality(hour):
            yield hour, right


def wrong_qualities(
    marked: Sequence[tuple[int, int, Qualities]],
) -> Iterator[WrongQuality]:
    """Yield the wrong ones of hours with the code and the qualities of each."""
    open_span: WrongQuality | None = None
    for hour, code, right in marked:
        if code in right:
            continue
        if open_span is not None:
            end = open_span.start + open_span.hours * HOUR
            if (end, open_span.marked, open_span.right) == (hour, code, right):
                hours = open_span.hours + 1
                open_span = WrongQuality(open_span.start, hours, code, right)
                continue
            yield open_span
        open_span = WrongQuality(hour, 1, code, right)
    if open_span is not None:
        yield open_span


def codes_of(spans: Sequence[MarkedSpan]) -> dict[int, int]:
    """Return the codes of the hours in spans, by the start of the hour."""
    codes: dict[int, int] = {}
    for span in spans:
        name = span.get("method") or span["quality"]
        code = UNKNOWN if name == "unknown" else HourQuality[name.upper()].value
        start, end = (
            epoch(datetime.fromisoformat(at)) for at in (span["start"], span["end"])
        )
        for hour in range(start // HOUR * HOUR, end, HOUR):
            codes[hour] = code
    return codes


class QualityCheck:
    """Collects what is compared of all servers, and prints it."""

    def __init__(self) -> None:
        """Initialize without any hour."""
        self._marks: Counter[str] = Counter()
        self._wrong: Counter[str] = Counter()
        self._lines: list[str] = []
        self._unmarked: list[str] = []

    def compare(
        self, server: str, name: str, dirt: Dirt, expected: Expected, codes: Codes
    ) -> None:
        """Compare the hours of a meter; `name` is the server's own name of it."""
        end = epoch(utcnow() - SETTLED)
        marked = [
            (hour, codes.get(hour, HourQuality.MEASURED.value), right)
            for hour, right in known_hours(expected, end)
        ]
        self._marks.update(name_of_code(code) for _, code, _ in marked)
        for span in wrong_qualities(marked):
            cause = cause_of(dirt, name, span)
            kind = f"{server}, {cause.partition(' ')[0] or 'no fault'}"
            self._wrong[kind] += span.hours
            if self._wrong[kind] <= SHOWN:
                self._lines.append(f"WRONG {server} {name} {span} ({cause})")

    def miss(self, server: str, name: str) -> None:
        """Note a meter whose hours have no quality although they must."""
        self._unmarked.append(f"{server} {name}")

    def report(self) -> bool:
        """Print what was found, and return True if nothing is wrong."""
        compared, wrong = self._marks.total(), self._wrong.total()
        say(f"{compared} hours compared, {wrong} marked wrongly")
        for name, hours in self._marks.most_common():
            print(f"{name}: {hours} hours")
        for kind, hours in self._wrong.most_common():
            print(f"{kind}: {hours} hours marked wrongly")
        for line in self._lines:
            print(line)
        for label in self._unmarked:
            print(f"WRONG {label} has no qualities")
        return bool(compared) and not wrong and not self._unmarked


async def check_quality(
    api: HomeAssistant, servers: Sequence[Server], entries: Mapping[str, str]
) -> bool:
    """Print how many hours are marked wrongly, and return True if none is.

    `entries` are the ids of the config entries by backend.
    """
    known = await api.command("recorder/list_statistic_ids")
    judged = sorted(
        str(each["statistic_id"])
        for each in known
        if each["has_sum"] and each["unit_class"] in _JUDGED
    )
    check = QualityCheck()
    for server in servers:
        twin = twin_of(server)
        found = {
            name: expected for _, name, expected in expected_of(server, twin, judged)
        }
        starts = [each.first for each in found.values() if each.first is not None]
        if not starts:
            continue
        codes = await _codes(api, server, entries[server.kind.backend], min(starts))
        for name, expected in found.items():
            if name in codes:
                check.compare(server.kind.name, name, twin.dirt, expected, codes[name])
            else:
                check.miss(server.kind.name, name)
    return check.report()


async def _codes(
    api: HomeAssistant, server: Server, entry_id: str, start: int
) -> dict[str | None, dict[int, int]]:
    """Return the codes of the hours since `start`, by the server's own names."""
    codes: dict[str | None, dict[int, int]] = {}
    now = epoch(utcnow())
    for begin in range(start // HOUR * HOUR, now, _ASKED_AT_ONCE):
        end = min(begin + _ASKED_AT_ONCE, now)
        for key, point in (await api.gaps(entry_id, begin, end)).items():
            known = codes.setdefault(server.kind.name_of(key), {})
            known |= codes_of(point["spans"])
    return codes
