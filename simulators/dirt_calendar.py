"""When the faults of a dirty house happen: the same ones for the same seed."""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

from .dirt import Spot, SpotKind
from .house_profile import noise
from .times import DAY, HOUR

SLOT = 60 * HOUR
"""The time that each fault has for itself."""

_FIRST = 2 * DAY
_RARELY = 200 * DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """A kind of fault that a server can have, and the registers that it touches.

    It lasts for `readings` readings, `step` seconds apart. `every` lets right readings
    lie between the wrong ones. A fault that is `rare` happens twice a year, and one
    that happens `once` is not repeated.
    """

    kind: SpotKind
    keys: frozenset[str]
    _: KW_ONLY
    readings: int = 1
    step: int
    amount: int = 0
    every: int = 0
    rare: bool = False
    once: bool = False

    def spot(self, start: int) -> Spot:
        """Return the fault at a moment."""
        end = start + self.readings * max(self.step, self.every)
        return Spot(
            self.kind, start, end, self.keys, amount=self.amount, every=self.every
        )


def sprinkle(plans: Sequence[Plan], start: int, end: int, seed: int) -> Iterator[Spot]:
    """Yield faults between two moments, one in each slot, all plans in turn.

    Half of the faults begin with the last reading of an hour, because servers that
    thin their readings keep that one and the first.
    """
    last: dict[int, int] = {}
    turn = 0
    for number, slot in enumerate(range(start + _FIRST, end - SLOT, SLOT)):
        for _ in plans:
            index = turn % len(plans)
            turn += 1
            if _is_due(plans[index], last.get(index), slot):
                break
        else:
            continue
        plan = plans[index]
        last[index] = slot
        random = noise(seed, "dirt", number, 2)
        hour = slot // HOUR * HOUR + (6 + random[0] % 24) * HOUR
        minutes = random[1] % 60 * 60 // plan.step * plan.step
        yield plan.spot(hour + (minutes if number % 2 else -plan.step))


def _is_due(plan: Plan, last: int | None, now: int) -> bool:
    """Return True if a plan may happen again."""
    if last is None:
        return True
    return not plan.once and not (plan.rare and now - last < _RARELY)
