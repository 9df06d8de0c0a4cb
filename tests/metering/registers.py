"""Registers as they come from real servers: clean ones, and what is done to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import strategies as st

from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Reading,
)
from custom_components.metering_hub.metering.register_marks import Mark

START = datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()

GAPS = st.sampled_from([10, 60, 300, 900, 3600, 10_000, 86_400])
"""Seconds between two readings."""

RATES = st.integers(1, 8)
"""How fast a register advances, compared with its slowest advance."""

CONFIRMING = [(60, 1), (1000, 2), (900, 1), (900, 3)]
"""Gaps and rates after which the rules have decided what was before."""

KINDS = ["zero", "dip", "lost decimal point", "high", "wrap"]
EXCHANGES = ["to zero", "lower", "marked to zero", "marked lower", "marked higher"]


def reading(mark: Mark) -> Reading:
    """Return a reading that has the values of a mark."""
    quality = ESTIMATED if mark.is_estimated else None
    return Reading(
        time=datetime.fromtimestamp(mark.at, UTC),
        value=mark.position,
        quality=NEW_REGISTER if mark.is_new else quality,
        stored=mark.stored,
    )


@dataclass(frozen=True, slots=True)
class DirtyRegister:
    """The readings of a register in order of time, and which of them are false.

    `total` is what the register counted.
    """

    marks: Sequence[Mark]
    false: frozenset[Mark]
    total: float

    @property
    def clean(self) -> list[Mark]:
        """Return the readings that are true."""
        return [mark for mark in self.marks if mark not in self.false]


@st.composite
def dirty_registers(
    draw: st.DrawFn, *, exchanges: int = 2, longest: int = 6
) -> DirtyRegister:
    """Draw a register with excursions and exchanges, which end before its readings.

    `exchanges` and `longest` are the most exchanges, and false readings in a row.
    """
    segments: list[list[tuple[int, int]]] = [
        CONFIRMING + draw(st.lists(st.tuples(GAPS, RATES), max_size=12)) + CONFIRMING
        for _ in range(1 + draw(st.integers(0, exchanges)))
    ]
    slowest = draw(st.sampled_from([0.01, 0.1, 1])) / 3600
    steps = [step for segment in segments for step in segment]
    advances = [gap * rate * slowest for gap, rate in steps]
    # An excursion is far from all that the register can have counted.
    far = max(2 * sum(advances), 800 * slowest * max(gap for gap, _ in steps), 3)
    position = float(draw(st.integers(100, 100_000)) + round(3 * far))
    at = START + draw(st.integers(0, 3599))
    marks: list[Mark] = []
    false: set[Mark] = set()
    total = 0.0
    for index, segment in enumerate(segments):
        kind = draw(st.sampled_from(EXCHANGES)) if index else ""
        if kind:
            position = {
                "to zero": 0.0,
                "lower": position / 2,
                "marked to zero": 0.0,
                "marked lower": position * 0.999,
                "marked higher": position + far,
            }[kind]
        first = len(marks)
        for gap, rate in segment:
            is_new = kind.startswith("marked") and len(marks) == first
            marks.append(Mark(at, round(position, 6), len(marks), is_new=is_new))
            at += gap
            advance = round(gap * rate * slowest, 6)
            position += advance
            total += advance
        total -= advance
        position -= advance
        false |= _add_excursions(draw, marks, first, far, longest)
    return DirtyRegister(marks, frozenset(false), total)


def _add_excursions(
    draw: st.DrawFn, marks: list[Mark], first: int, far: float, longest: int
) -> set[Mark]:
    """Replace readings of a register by false ones, except its first and last ones.

    Return the false ones.
    """
    false: set[Mark] = set()
    index = first + (len(CONFIRMING) if first else 1)
    end = len(marks) - len(CONFIRMING)
    while index < end:
        length = min(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3, 6])), longest)
        kind = draw(st.sampled_from(KINDS))
        is_growing = draw(st.booleans())
        start = marks[index].position
        for number in range(index, min(index + length, end)):
            mark = marks[number]
            position = {
                "zero": 0.0,
                "dip": start - far,
                "lost decimal point": start * 10,
                "high": start + 100_000 + far,
                "wrap": start - 2**16 if start > 2**16 + far else start + 2**32,
            }[kind]
            # A difference of rounded numbers may be a little less.
            if abs(position - start) < 0.999 * far:
                position = start + far
            if is_growing:
                position += mark.position - start
            marks[number] = mark._replace(position=round(position, 6))
            false.add(marks[number])
        index += length + 1
    return false


@st.composite
def corrected_registers(draw: st.DrawFn) -> list[Mark]:
    """Draw a register that goes on a little lower, as it was too high before."""
    more = st.lists(st.tuples(GAPS, RATES), max_size=10)
    before, after = (CONFIRMING + draw(more) + CONFIRMING for _ in range(2))
    slowest = draw(st.sampled_from([0.01, 0.1, 1])) / 3600
    first = position = float(draw(st.integers(100, 100_000)))
    at = START + draw(st.integers(0, 3599))
    marks: list[Mark] = []
    for index, (gap, rate) in enumerate(before + after):
        if index == len(before):
            position = marks[-1].position
            largest = min(position - first, 0.01 * position)
            position -= draw(st.floats(0.05, 0.95)) * largest
        marks.append(Mark(at, round(position, 6), len(marks)))
        at += gap
        position += gap * rate * slowest
    return marks
