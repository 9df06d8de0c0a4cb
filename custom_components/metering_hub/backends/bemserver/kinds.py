"""Remembers whether each series holds meter readings or amounts per interval.

BEMServer does not say (docs/wire/bemserver.md, Semantics), so all evidence is judged. A
verdict is kept, because the statistics written with it must not change their meaning.
What later data show instead is a question to the user.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from ...metering.inventory import KindQuestion
from ...metering.kind_judge import Values
from ...metering.model import Kind
from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_object
from ..errors import BackendError
from .kind_finder import KindFinder

RECHECK_AFTER = timedelta(days=1)
"""When a series is examined again."""

JUDGED_AGAIN_AT_ONCE = 100
"""Series with a verdict that are judged again per inventory: a few requests."""

RULES = 2
"""The number of the rules that verdicts are found by. Those of lower ones are judged
again: rule 1 took a series that fell once for amounts."""


class SeriesKinds:
    """Remembers the verdicts on series, and their approximate intervals.

    `_known` are the verdicts, and `_suggested` what contradicts them. `_weeks` are the
    lows of the series that the user should be asked about.
    """

    def __init__(self, finder: KindFinder) -> None:
        """Initialize without any verdict."""
        self._finder = finder
        self._known: dict[int, Kind] = {}
        self._suggested: dict[int, Kind] = {}
        self._weeks: dict[int, Values] = {}
        self._examined: dict[int, datetime] = {}
        self._doubtful: set[int] = set()
        self._is_older = False

    @property
    def kinds(self) -> Mapping[int, Kind]:
        """Return the kinds of all series that were examined."""
        return dict.fromkeys(self._weeks, Kind.UNDECIDED) | self._known

    @property
    def intervals(self) -> Mapping[int, timedelta]:
        """Return intervals in whole hours; shorter ones count as one hour."""
        hours = self._finder.hours
        return {number: timedelta(hours=count) for number, count in hours.items()}

    @property
    def questions(self) -> Mapping[int, KindQuestion]:
        """Return what the user should be asked, by series."""
        return {
            number: KindQuestion(
                kind=self._known.get(number, Kind.UNDECIDED),
                suggested=self._suggested.get(number),
                week=week,
            )
            for number, week in self._weeks.items()
        }

    async def detect(
        self,
        texts: Mapping[int, str],
        now: datetime,
        *,
        active: Collection[int] = (),
        linked: Collection[int] = (),
    ) -> None:
        """Judge series, given the texts that describe them; raises BackendError.

        Most take two requests for fifty series. A series whose request failed has no
        kind yet. Series without a verdict that are `active` are examined at every call,
        others once a day; those with one are judged again once a day, a part of them at
        each call. A `linked` series holds amounts unless its values prove otherwise.
        """
        if self._is_older:
            # Older versions imported all linked series as amounts.
            self._known |= dict.fromkeys(linked, Kind.INTERVAL)
            self._doubtful |= self._known.keys()
            self._is_older = False
        new = [
            number
            for number in sorted(texts)
            if number not in self._known
            and (number in active or self._is_due(number, now))
        ]
        again = self._due_again(texts.keys() & self._known.keys(), now)
        if new:
            await self._judge_new(new, texts, now, linked)
        if again:
            # What is known is enough to go on, and the series stay due.
            with suppress(BackendError):
                await self._judge_again(again, texts, now)

    def _is_due(self, number: int, now: datetime) -> bool:
        """Return True if a series was not examined for a day."""
        return now - self._examined.get(number, now - RECHECK_AFTER) >= RECHECK_AFTER

    def _due_again(self, known: Iterable[int], now: datetime) -> list[int]:
        """Return series with a verdict to be judged again, the doubtful ones first."""
        due = []
        for number in known:
            if number not in self._doubtful:
                # After a restart, the first time is a day later.
                self._examined.setdefault(number, now)
            if self._is_due(number, now):
                due.append(number)
        due.sort(key=lambda number: (number not in self._doubtful, number))
        return due[:JUDGED_AGAIN_AT_ONCE]

    async def _judge_new(
        self,
        series_ids: Sequence[int],
        texts: Mapping[int, str],
        now: datetime,
        linked: Collection[int],
    ) -> None:
        """Judge series without a verdict."""
        findings = await self._finder.find(series_ids, texts, now)
        presumed = {n: Kind.INTERVAL for n in series_ids if n in linked}
        for number in set(series_ids) - findings.failed:
            self._examined[number] = now
            kind = findings.kinds.get(number) or presumed.get(number)
            if kind is None:
                self._weeks[number] = findings.lows.get(number, ())
            else:
                self._known[number] = kind
                self._weeks.pop(number, None)

    async def _judge_again(
        self, series_ids: Sequence[int], texts: Mapping[int, str], now: datetime
    ) -> None:
        """Doubt the verdicts that a week contradicts, unless the year confirms them.

        Those of older rules are also doubted if only a year contradicts them.
        """
        weeks = await self._finder.judge_weeks(series_ids, texts, now)
        suspects = [
            number
            for number in series_ids
            if number not in weeks.failed
            and weeks.kinds.get(number) is not self._known[number]
            and (number in weeks.kinds or number in self._doubtful)
        ]
        years = await self._finder.judge_years(suspects, texts, now)
        for number in set(series_ids) - weeks.failed - years.failed:
            known, by_year = self._known[number], years.kinds.get(number)
            kind = known if by_year is known else weeks.kinds.get(number) or by_year
            self._settle(number, kind, weeks.lows.get(number, ()))
            self._examined[number] = now
            self._doubtful.discard(number)

    def _settle(self, number: int, kind: Kind | None, week: Values) -> None:
        """Doubt a verdict, or believe it again; without a kind, nothing changes."""
        if kind is self._known[number]:
            self._suggested.pop(number, None)
            self._weeks.pop(number, None)
        elif kind is not None:
            self._suggested[number] = kind
            self._weeks[number] = week

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._doubtful &= {*series_ids}
        for remembered in (
            self._known,
            self._suggested,
            self._weeks,
            self._finder.hours,
            self._examined,
        ):
            for number in remembered.keys() - series_ids:
                del remembered[number]

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned, or what an older version did."""
        for name, kind in (("registers", Kind.REGISTER), ("amounts", Kind.INTERVAL)):
            self._known |= dict.fromkeys(_numbers(memory.get(name)), kind)
        for label, count in as_object(memory.get("hours")).items():
            number, hours = as_integer(label), as_integer(count)
            if number is not None and hours is not None and hours > 0:
                self._finder.hours[number] = hours
        self._doubtful = {*_numbers(memory.get("doubtful"))} & self._known.keys()
        self._is_older = bool(memory) and memory.get("kind_rules") != RULES

    def remember(self) -> dict[str, Json]:
        """Return verdicts, and intervals of more than an hour."""
        return {
            "kind_rules": None if self._is_older else RULES,
            "registers": [*self._with_kind(Kind.REGISTER)],
            "amounts": [*self._with_kind(Kind.INTERVAL)],
            "doubtful": [*sorted(self._doubtful | self._suggested.keys())],
            "hours": {
                str(n): count for n, count in self._finder.hours.items() if count > 1
            },
        }

    def _with_kind(self, kind: Kind) -> list[int]:
        """Return the series with a verdict."""
        return sorted(n for n, known in self._known.items() if known is kind)


def _numbers(stored: Json) -> list[int]:
    """Return a stored list of series."""
    items = stored if isinstance(stored, list) else []
    return [number for number in items if isinstance(number, int)]
