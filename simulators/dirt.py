"""Faults of readings, as homes and machines really have them.

A spot is one fault with its kind, span and registers, so that a report can name it.
What a spot makes of a position is a pure function of the true position; spots that
concern whole telegrams (clocks, outages, deletions) are applied by each simulator.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum


class SpotKind(StrEnum):
    """The kinds of faults."""

    AHEAD = "ahead"
    """Readings are stamped too late, by `amount` seconds."""

    CORRECTION = "correction"
    """The register goes on `amount` steps lower."""

    DELETED = "deleted"
    """Stored values were deleted."""

    DIP = "dip"
    """Readings are a fifth too low."""

    DUPLICATE = "duplicate"
    """Readings are stored twice."""

    ESTIMATED = "estimated"
    """Readings are estimates, `amount` steps too high."""

    EXCHANGE = "exchange"
    """A new register starts at `amount` steps."""

    HIGH = "high"
    """Readings are `amount` steps too high."""

    LATE = "late"
    """Readings arrived late."""

    OUTAGE = "outage"
    """Nothing was stored."""

    STAMP = "stamp"
    """The extra meter's own clock shows `amount`, while its position moves."""

    SUBSTITUTED = "substituted"
    """Readings are right, but the server says that they are not measured."""

    TENFOLD = "tenfold"
    """Readings lack their decimal point."""

    UNSET_CLOCK = "unset_clock"
    """Readings are stamped as if the clock had started at `amount`."""

    WRAP_16 = "wrap_16"
    """Readings only have their lowest 16 bits."""

    WRAP_32 = "wrap_32"
    """Readings have all 32 bits set."""

    ZERO = "zero"
    """Readings are 0."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A fault of the readings in [start, end), in seconds since 1970 UTC.

    `keys` are the registers that it touches. If `every` is set, only readings at
    multiples of so many seconds after the start are wrong.
    """

    kind: SpotKind
    start: int
    end: int
    keys: frozenset[str]
    _: KW_ONLY
    amount: int = 0
    every: int = 0

    def covers(self, key: str, when: int) -> bool:
        """Return True if the reading of a register at `when` is affected."""
        return (
            key in self.keys
            and self.start <= when < self.end
            and not (self.every and (when - self.start) % self.every)
        )

    @property
    def is_wrong(self) -> bool:
        """Return True if the readings do not show the meter's position."""
        return self.kind in _DISTORTIONS

    def distort(self, position: int) -> int:
        """Return what a true position is shown as."""
        change = _DISTORTIONS.get(self.kind)
        return position if change is None else change(position, self.amount)


_DISTORTIONS: Mapping[SpotKind, Callable[[int, int], int]] = {
    # Rounded, so that two readings after each other are equally low.
    SpotKind.DIP: lambda position, _: position // 1000 * 800,
    SpotKind.ESTIMATED: lambda position, amount: position + amount,
    SpotKind.HIGH: lambda position, amount: position + amount,
    SpotKind.TENFOLD: lambda position, _: position * 10,
    SpotKind.WRAP_16: lambda position, _: position % 2**16,
    SpotKind.WRAP_32: lambda _, __: 2**32 - 1,
    SpotKind.ZERO: lambda _, __: 0,
}


class Dirt(Sequence[Spot]):
    """The spots of a house, oldest first; without any, all readings are right."""

    def __init__(self, spots: Iterable[Spot] = ()) -> None:
        """Initialize with spots of which no two of a register overlap."""
        self._spots = sorted(spots, key=lambda spot: spot.start)
        self._by_key: dict[str, list[Spot]] = {}
        self._steps: dict[str, list[Spot]] = {}
        for spot in self._spots:
            table = self._steps if spot.kind in _STEPS else self._by_key
            for key in spot.keys:
                table.setdefault(key, []).append(spot)

    def __len__(self) -> int:
        """Return the number of spots."""
        return len(self._spots)

    def __getitem__(self, index: int) -> Spot:  # type: ignore[override]  # No slices.
        """Return the spot with this index."""
        return self._spots[index]

    def of_kind(self, *kinds: SpotKind) -> list[Spot]:
        """Return the spots of some kinds."""
        return [spot for spot in self._spots if spot.kind in kinds]

    def steps(self, key: str) -> Sequence[Spot]:
        """Return the exchanges and corrections of a register."""
        return self._steps.get(key, ())

    def at(self, key: str, when: int) -> Spot | None:
        """Return the spot that affects the reading of a register at `when`.

        Exchanges and corrections do not; they affect all that follow.
        """
        spots = self._by_key.get(key, ())
        index = bisect_right(spots, when, key=lambda spot: spot.start)
        found = spots[index - 1] if index else None
        return found if found is not None and found.covers(key, when) else None

    def shown(self, key: str, when: int, position: Callable[[int], int]) -> int:
        """Return what the reading of a register shows at `when`.

        `position` returns the positions of the first meter.
        """
        right = self.right(key, when, position)
        wrong = self.at(key, when)
        return right if wrong is None else wrong.distort(right)

    def right(self, key: str, when: int, position: Callable[[int], int]) -> int:
        """Return what a right reading of a register shows at `when`.

        `position` returns the positions of the first meter.
        """
        shift = 0
        for spot in self.steps(key):
            if spot.start > when:
                break
            if spot.kind is SpotKind.EXCHANGE:
                shift = spot.amount - position(spot.start)
            else:
                shift -= spot.amount
        return position(when) + shift


_STEPS = frozenset({SpotKind.CORRECTION, SpotKind.EXCHANGE})

CLEAN = Dirt()
"""The dirt of a house without faults."""
