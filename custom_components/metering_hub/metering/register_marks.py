"""Readings of a register as the rules need them, and which ones of a moment count."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from math import floor
from typing import NamedTuple

from .model import ESTIMATED, NEW_REGISTER, Reading
from .reading_columns import ReadingColumns, number
from .register_rules import Rejected, Rule

DECIMALS = 6
"""Positions are rounded to this many decimals, finer than any meter."""


class Mark(NamedTuple):
    """One reading of a register: its time in epoch seconds, and its position.

    `stored` is the server's row number, or `None` if it is unknown.
    """

    at: float
    position: float
    stored: int | None = None
    is_estimated: bool = False
    is_new: bool = False


def marks_of(readings: Iterable[Reading]) -> Iterator[Mark]:
    """Yield the numeric readings as marks."""
    for reading in readings:
        if (position := number(reading.value)) is not None:
            yield Mark(
                reading.time.timestamp(),
                round(position, DECIMALS),
                reading.stored,
                reading.quality == ESTIMATED,
                reading.quality == NEW_REGISTER,
            )


def marks_of_columns(columns: ReadingColumns) -> Iterator[Mark]:
    """Yield the readings in columns as marks."""
    qualities, stored = columns.qualities, columns.stored
    for index, at in enumerate(columns.times):
        quality = qualities.get(at)
        yield Mark(
            at,
            round(columns.values[index], DECIMALS),
            stored[index] if stored else None,
            quality == ESTIMATED,
            quality == NEW_REGISTER,
        )


def sorted_marks(marks: Iterable[Mark]) -> list[Mark]:
    """Return readings in order of time.

    Of the same moment, the first one of a new meter precedes, and then the highest one,
    because the line is above the others if it accepts it.
    """
    return sorted(marks, key=lambda mark: (mark.at, not mark.is_new, -mark.position))


def split_repeated(marks: Iterable[Mark]) -> tuple[list[Mark], list[Rejected]]:
    """Return the sorted readings that count, and the others of the same moments.

    Readings within a second that contradict each other are of the same moment: they may
    have been stored in either order.
    """
    counting: list[Mark] = []
    repeated: list[Rejected] = []
    for _, group in groupby(marks, key=lambda mark: floor(mark.at)):
        second = [*group]
        if len(second) == 1:
            counting += second
            continue
        for _, same in groupby(_together(second), key=lambda mark: mark.at):
            moment = [*same]
            best = _best(moment)
            counting += best
            repeated += [
                Rejected(mark.at, mark.position, Rule.REPEATED)
                for mark in moment
                if all(mark.position != other.position for other in best)
            ]
    return counting, repeated


def _together(marks: list[Mark]) -> list[Mark]:
    """Return the readings of a second; one that is lower is of the higher one's moment.

    Which of the two was measured first is unknown.
    """
    if marks[0].at == marks[-1].at or any(mark.is_new for mark in marks):
        return marks
    highest = marks[0]
    found: list[Mark] = []
    for mark in marks:
        if mark.position >= highest.position:
            highest = mark
        found.append(mark._replace(at=highest.at))
    return sorted_marks(found)


def _best(marks: list[Mark]) -> list[Mark]:
    """Return the readings of one moment that count: measured ones, then the latest.

    Where that is not known, the line decides, and the higher one counts.
    """
    best = [mark for mark in marks if not mark.is_estimated] or marks
    if all(mark.stored is not None for mark in best):
        return [max(best, key=lambda mark: mark.stored or 0)]
    return best
