"""Remember the quality of every hour: codes, and never a value.

The codes of a month are a short text such as "M120L3D24M597": the letter of a quality
and the number of hours in a row that have it, from the month's first hour in UTC on.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
import re
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ...backends.common.http import Json
from ...backends.common.parse import as_object
from ...const import DOMAIN
from ...memory import CheckedStore
from ...metering.quality import HELD, HOUR_QUALITIES, MISSING, UNKNOWN, HourCodes
from ..json_store import JsonStore
from ..maths.rows import HOUR_SECONDS

_VERSION = 1
_SAVE_DELAY = 900.0
"""The seconds within which all changes are written at once. What is lost is derived
again from the hours that every import after a start reads."""

LONGEST_MONTH: Final = 31 * 24
"""The hours of the longest month; no text stands for more."""

UNREAD: Final = bytes((UNKNOWN, MISSING, HELD))
"""The codes of hours that no accepted reading is known for."""

_CODES = {each.letter: code for code, each in enumerate(HOUR_QUALITIES)}
_RUN_OF_LETTERS = re.compile(r"([A-Z])([0-9]{1,3})")
_TEXT = re.compile(r"([A-Z][0-9]{1,3})*")
_MONTH = re.compile(r"(19[7-9]|2[0-9]{2})[0-9]-(0[1-9]|1[0-2])")
_RUN_OF_CODES = re.compile(rb"(.)\1*", re.DOTALL)

type Months = dict[str, str]
"""The texts of a point by month, such as "2026-11"."""


class QualityMemory:
    """Store the codes of the hours of a config entry's points, in a file of its own.

    `revision` changes whenever a code does. If the file is lost or damaged, all hours
    are UNKNOWN until an import reads them again.
    """

    def __init__(self, store: JsonStore) -> None:
        """Initialize the memory; nothing is loaded yet."""
        self._store = store
        self._points: dict[str, Months] = {}
        self._is_loaded = False
        self._is_changed = False
        self._is_scheduled = False
        self._is_closed = False
        self.revision = 0

    @classmethod
    def of(cls, hass: HomeAssistant, entry_id: str) -> QualityMemory:
        """Return the memory of a config entry."""
        store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.qualities"
        )
        return cls(store)

    async def async_load(self) -> None:
        """Load what is stored, once; what is damaged is left out."""
        if self._is_loaded:
            return
        stored = as_object(await self._store.async_load())
        self._points = {key: _as_months(months) for key, months in stored.items()}
        self._is_loaded = True
        self.revision += 1

    def codes(self, key: str, start: float, end: float) -> bytes:
        """Return the codes of the hours of a point in [start, end), one byte each.

        Both are whole hours in epoch seconds. An hour without a code is UNKNOWN.
        """
        months = self._points.get(key, {})
        return b"".join(
            _decoded(months.get(month, ""))[first:last].ljust(last - first, b"\0")
            for month, first, last in _months_between(start, end)
        )

    def put(self, key: str, found: Iterable[HourCodes]) -> None:
        """Replace the codes of the hours that were found, and save them later."""
        months = self._points.setdefault(key, {})
        is_changed = False
        for each in found:
            end = each.start + len(each.codes) * HOUR_SECONDS
            at = 0
            for month, first, last in _months_between(each.start, end):
                before = _decoded(months.get(month, ""))
                part = each.codes[at : at + last - first]
                after = before[:first].ljust(first, b"\0") + part + before[last:]
                at += last - first
                if after != before:
                    months[month] = _encoded(after)
                    is_changed = True
        if is_changed:
            self._note_change()

    def fill(self, key: str, found: Iterable[HourCodes]) -> None:
        """Put codes of hours that nothing was read of, where nothing is known either.

        The rows of the others stay, and so does what is known of them.
        """
        for each in found:
            end = each.start + len(each.codes) * HOUR_SECONDS
            known = self.codes(key, each.start, end)
            codes = bytes(
                new if old in UNREAD else old
                for old, new in zip(known, each.codes, strict=True)
            )
            self.put(key, [HourCodes(each.start, codes)])

    def span(self, key: str) -> tuple[float, float] | None:
        """Return the start of the first coded hour and the end of the last, if any.

        Both are epoch seconds.
        """
        months = self._points.get(key, {})
        first = _first_coded(months, sorted(months))
        last = _first_coded(months, sorted(months, reverse=True))
        if first is None or last is None:
            return None
        codes = _decoded(months[first])
        skipped = len(codes) - len(codes.lstrip(b"\0"))
        coded = len(_decoded(months[last]))
        return (
            _month_start(first) + skipped * HOUR_SECONDS,
            _month_start(last) + coded * HOUR_SECONDS,
        )

    async def async_save(self) -> None:
        """Save everything now, if anything has changed."""
        if self._is_changed:
            await self._store.async_save(self._data())

    async def async_close(self) -> None:
        """Save everything; later changes are not, because the entry is unloaded.

        A late one might overwrite what the entry saves after a reload.
        """
        self._is_closed = True
        await self.async_save()

    async def async_clear(self) -> None:
        """Forget everything, because the statistics are deleted."""
        self._points.clear()
        self._note_change()
        await self.async_save()

    async def async_forget(self, *keys: str) -> None:
        """Forget the codes of points, because their statistics are deleted."""
        for key in self._points.keys() & set(keys):
            del self._points[key]
            self._note_change()
        await self.async_save()

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()

    @callback
    def _note_change(self) -> None:
        """Save what changed, at the latest after the delay.

        A save that is already due is not put off: imports may follow each other faster.
        """
        self.revision += 1
        self._is_changed = True
        if not self._is_scheduled and not self._is_closed:
            self._is_scheduled = True
            self._store.async_delay_save(self._data, _SAVE_DELAY)

    @callback
    def _data(self) -> dict[str, Json]:
        """Return what is stored, which is saved now."""
        self._is_changed = self._is_scheduled = False
        return {key: dict(months) for key, months in self._points.items() if months}


def connected(found: Iterable[HourCodes]) -> list[HourCodes]:
    """Return the same codes, with those of hours in a row in one piece."""
    pieces: list[HourCodes] = []
    for each in found:
        last = pieces[-1] if pieces else HourCodes(each.start, b"")
        if last.start + len(last.codes) * HOUR_SECONDS == each.start:
            pieces[-1:] = [HourCodes(last.start, last.codes + each.codes)]
        else:
            pieces.append(each)
    return pieces


def parts_before(
    found: Iterable[HourCodes], until: float
) -> tuple[list[HourCodes], list[HourCodes]]:
    """Return the codes of the hours that end by `until`, and those of the later ones.

    `until` is in epoch seconds.
    """
    before, after = [], []
    for each in found:
        count = len(each.codes)
        if until <= each.start:
            count = 0
        elif each.start + count * HOUR_SECONDS > until:
            count = int((until - each.start) // HOUR_SECONDS)
        if count:
            before.append(HourCodes(each.start, each.codes[:count]))
        if count < len(each.codes):
            start = each.start + count * HOUR_SECONDS
            after.append(HourCodes(start, each.codes[count:]))
    return before, after


def _first_coded(months: Months, ordered: Iterable[str]) -> str | None:
    """Return the first of the months in some order that has a code."""
    return next((month for month in ordered if _decoded(months[month])), None)


def _months_between(start: float, end: float) -> Iterable[tuple[str, int, int]]:
    """Yield each month of [start, end), and which of its hours [first, last) are in it.

    Hours count from the start of the month.
    """
    while start < end:
        month = datetime.fromtimestamp(start, UTC).strftime("%Y-%m")
        begin = _month_start(month)
        following = _month_start(_next_month(month))
        until = min(following, end)
        yield (
            month,
            int((start - begin) // HOUR_SECONDS),
            int((until - begin) // HOUR_SECONDS),
        )
        start = until


def _month_start(month: str) -> float:
    """Return the start of a month such as "2026-11" in epoch seconds."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC).timestamp()


def _next_month(month: str) -> str:
    """Return the month after one such as "2026-11"."""
    years, index = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{years:04d}-{index + 1:02d}"


def _encoded(codes: bytes) -> str:
    """Return the text of the codes of a month, without unknown hours at its end."""
    return "".join(
        f"{HOUR_QUALITIES[run[0][0]].letter}{len(run[0])}"
        for run in _RUN_OF_CODES.finditer(codes.rstrip(b"\0"))
    )


def _decoded(text: str) -> bytes:
    """Return the codes of a month from its first hour to its last one that has one."""
    codes = b"".join(
        bytes((_CODES.get(letter, UNKNOWN),)) * int(count)
        for letter, count in _RUN_OF_LETTERS.findall(text)
    )
    return codes[:LONGEST_MONTH].rstrip(b"\0")


def _as_months(stored: Json) -> Months:
    """Return the valid texts of a point."""
    return {
        month: text
        for month, text in as_object(stored).items()
        if isinstance(text, str) and _MONTH.fullmatch(month) and _TEXT.fullmatch(text)
    }
