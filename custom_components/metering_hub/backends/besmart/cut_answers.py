"""Notice answers that the server has cut off without saying so, and ask further.

An answer that ends before its span can be cut off, or there is nothing more. The next
answer shows which, and an answer that was found complete says that those of its length
are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from math import floor
from typing import NamedTuple

from ..common.concurrency import LoopYielder
from .batch_result import BatchResult
from .const import MILLISECOND
from .models import DataQuery, SignalData, SignalId
from .samples import Samples

FEWEST_ROWS = 200
"""Shorter answers are complete: no server is known to cut off even these."""

FEWEST_ROWS_OF_ALL = 1000
"""The same for all signals of one answer together."""

_PER_TURN = 2000


class CutAnswers:
    """How long the answers of a server can be."""

    def __init__(self) -> None:
        """Initialize without knowing any longer answer that is complete."""
        self._complete = FEWEST_ROWS - 1
        self._complete_of_all = FEWEST_ROWS_OF_ALL - 1

    def rest(
        self, queries: Collection[DataQuery], answer: BatchResult
    ) -> dict[SignalId, DataQuery]:
        """Return queries for what may be missing at the end of answers, by signal."""
        found: dict[SignalId, DataQuery] = {}
        for query in queries:
            data = answer.data.get(query.signal)
            if data is None:
                continue
            is_long = len(data.samples) > self._complete
            if not is_long and not self._is_long_in_all(query.signal, answer):
                continue
            if (rest := _rest(query, data.samples)) is not None:
                found[query.signal] = rest
        return found

    def _is_long_in_all(self, signal: SignalId, answer: BatchResult) -> bool:
        """Return True if all signals of an answer may have been cut off together."""
        return answer.rows[signal] > self._complete_of_all

    async def join(
        self,
        rest: Mapping[SignalId, DataQuery],
        found: BatchResult,
        before: BatchResult,
        more: BatchResult,
    ) -> list[DataQuery]:
        """Append `more` to what was `found`; return the queries that may go on.

        `more` are the answers to the `rest` of those `before`.
        """
        yielder = LoopYielder(_PER_TURN)
        news: list[DataQuery] = []
        ended: list[DataQuery] = []
        for signal, query in rest.items():
            if (answer := more.data.get(signal)) is None:
                continue
            known = found.data[signal]
            edge = _edge(known.samples)
            if not _has_news(answer.samples, edge):
                ended.append(query)
                continue
            news.append(query)
            joined = await _joined(known.samples, answer.samples, edge, yielder)
            found.data[signal] = SignalData(
                unit=known.unit or answer.unit, samples=joined
            )
        waiting = [
            query
            for query in ended
            if news and self._is_long_in_all(query.signal, more)
        ]
        complete = [query.signal for query in ended if query not in waiting]
        self._note_complete(complete, before, is_all=not news)
        return [*news, *waiting]

    def _note_complete(
        self, signals: Sequence[SignalId], answer: BatchResult, *, is_all: bool
    ) -> None:
        """Note that an answer had everything of some signals, or of `is_all`."""
        for signal in signals:
            self._complete = max(self._complete, len(answer.data[signal].samples))
            if is_all:
                rows = answer.rows[signal]
                self._complete_of_all = max(self._complete_of_all, rows)


class _Edge(NamedTuple):
    """The time at which an answer ends, and whether its samples go back in time."""

    time: float
    is_backwards: bool


def _edge(samples: Samples) -> _Edge | None:
    """Return where an answer ends; None if it is empty."""
    if (span := samples.span()) is None:
        return None
    is_backwards = samples.is_backwards
    return _Edge(span[0] if is_backwards else span[1], is_backwards)


def _rest(query: DataQuery, samples: Samples) -> DataQuery | None:
    """Return the query for what follows an answer, or None if it reaches the end.

    It begins at the answer's last sample, because others can have the same time.
    """
    if (edge := _edge(samples)) is None or (span := samples.span()) is None:
        return query
    close = timedelta(seconds=2 * (span[1] - span[0]) / max(1, len(samples) - 1))
    moment = datetime.fromtimestamp(floor(edge.time * 1000) / 1000, UTC)
    if edge.is_backwards:
        is_there = moment - query.since <= close
        return None if is_there else replace(query, till=moment + 2 * MILLISECOND)
    return None if query.till - moment <= close else replace(query, since=moment)


def _has_news(samples: Samples, edge: _Edge | None) -> bool:
    """Return True if an answer goes on after the edge of the one before."""
    if (span := samples.span()) is None:
        return False
    if edge is None:
        return True
    return span[0] < edge.time if edge.is_backwards else span[1] > edge.time


async def _joined(
    known: Samples, more: Samples, edge: _Edge | None, yielder: LoopYielder
) -> Samples:
    """Return samples and those that follow; times of both count in the second."""
    again: set[float] = set()
    if edge is not None:
        again = {
            time
            for time, _, _ in more.rows()
            if (time >= edge.time if edge.is_backwards else time <= edge.time)
        }
    joined = Samples()
    joined.is_backwards = known.is_backwards
    for part in batched(known.rows(), _PER_TURN, strict=False):
        joined.extend(sample for sample in part if sample.time not in again)
        await yielder.spend(len(part))
    joined.extend(more.rows())
    return joined
