"""Notice answers that the server has cut off without saying so, and ask further.

An answer that ends before its span can be cut off, or there is nothing more. The next
answer shows which, and an answer that was found complete says that those of its length
are.
"""

from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from math import floor
from typing import NamedTuple

from ..common.concurrency import LoopYielder
from .const import MILLISECOND
from .models import DataQuery, Samples, SignalData, SignalId

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
        self,
        queries: Collection[DataQuery],
        data: Mapping[SignalId, SignalData],
        rows: Mapping[SignalId, int],
    ) -> dict[SignalId, DataQuery]:
        """Return queries for what may be missing at the end of answers, by signal.

        `rows` is the number of samples in the whole answer that a signal was in.
        """
        found: dict[SignalId, DataQuery] = {}
        for query in queries:
            answer = data.get(query.signal)
            if answer is not None and self._may_be_cut(
                len(answer.samples), rows[query.signal]
            ):
                rest = _rest(query, answer.samples)
                if rest is not None:
                    found[query.signal] = rest
        return found

    def _may_be_cut(self, rows: int, rows_of_all: int) -> bool:
        """Return True if an answer is longer than any that was complete."""
        return rows > self._complete or rows_of_all > self._complete_of_all

    async def join(
        self,
        rest: Mapping[SignalId, DataQuery],
        found: MutableMapping[SignalId, SignalData],
        cut: Mapping[SignalId, SignalData],
        more: Mapping[SignalId, SignalData],
        rows: Mapping[SignalId, int],
    ) -> dict[SignalId, DataQuery]:
        """Append the answers to the `rest` to `found`; return what had any news.

        The rest is that of the answers `cut`, with `rows` as in `rest`.
        """
        yielder = LoopYielder(_PER_TURN)
        news: dict[SignalId, DataQuery] = {}
        complete: list[SignalId] = []
        for signal, query in rest.items():
            if (answer := more.get(signal)) is None:
                continue
            known = found[signal]
            edge = _edge(known.samples)
            if not _has_news(answer.samples, edge):
                complete.append(signal)
                continue
            news[signal] = query
            joined = await _joined(known.samples, answer.samples, edge, yielder)
            found[signal] = SignalData(unit=known.unit or answer.unit, samples=joined)
        lengths = [len(cut[signal].samples) for signal in complete]
        self._complete = max(self._complete, *lengths, 0)
        if complete and not news:
            longest = max(rows[signal] for signal in complete)
            self._complete_of_all = max(self._complete_of_all, longest)
        return news


class _Edge(NamedTuple):
    """The time at which an answer ends, and whether its samples go back in time."""

    time: float
    is_backwards: bool


def _edge(samples: Samples) -> _Edge | None:
    """Return where an answer ends; None if it is empty."""
    if (ends := samples.ends()) is None or (span := samples.span()) is None:
        return None
    is_backwards = ends[0] > ends[1]
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
            for time, _, _ in more
            if (time >= edge.time if edge.is_backwards else time <= edge.time)
        }
    joined = Samples()
    for part in batched(known, _PER_TURN, strict=False):
        joined.extend(sample for sample in part if sample.time not in again)
        await yielder.spend(len(part))
    joined.extend(more)
    return joined
