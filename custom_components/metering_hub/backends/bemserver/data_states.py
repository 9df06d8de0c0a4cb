"""Which data state of a series is used: Clean before Raw, as far as there is any.

Clean points exist only where the clean-up task runs for a campaign, or where somebody
stores them, so that it is learned for each series. States are told by their names, as
a server may number them otherwise and have more of them.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_object

PREFERRED = ("clean", "raw")
LOOK_FOR_BETTER = timedelta(days=1)
"""How often a better state is looked for than the one in use."""


class States:
    """Remembers the data state of each series."""

    def __init__(self) -> None:
        """Start knowing none."""
        self.order: tuple[int, ...] = ()
        self._known: dict[int, int] = {}
        self._looked: dict[int, datetime] = {}

    def name(self, states: Mapping[int, str]) -> None:
        """Take the names of the states; without a known one, any state will do."""
        by_name = {name: number for number, name in states.items()}
        known = [by_name[name] for name in PREFERRED if name in by_name]
        self.order = tuple(known or sorted(states))

    def of(self, series_id: int) -> int | None:
        """Return the state in use, if one was ever found to have points."""
        state = self._known.get(series_id)
        return state if state in self.order else None

    def learn(self, series_ids: Iterable[int], state: int) -> None:
        """Take note that series have points in a state."""
        self._known |= dict.fromkeys(series_ids, state)

    def by_state(self, series_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return series by the state in use; those without one are left out."""
        found: dict[int, list[int]] = {}
        for number in series_ids:
            if (state := self.of(number)) is not None:
                found.setdefault(state, []).append(number)
        return found

    def due_for_better(
        self, series_ids: Iterable[int], now: datetime
    ) -> dict[int, list[int]]:
        """Return series to look for in better states, by that state; once a day."""
        found: dict[int, list[int]] = {}
        for number in series_ids:
            if (state := self.of(number)) in (None, *self.order[:1]):
                continue
            # The first look is a day after the state was learned.
            looked = self._looked.setdefault(number, now)
            if now - looked >= LOOK_FOR_BETTER:
                self._looked[number] = now
                for better in self.order[: self.order.index(state)]:
                    found.setdefault(better, []).append(number)
        return found

    def keep(self, series_ids: Collection[int]) -> None:
        """Forget series that no longer exist."""
        self._known = {n: s for n, s in self._known.items() if n in series_ids}
        self._looked = {n: at for n, at in self._looked.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Take over what `remember` returned before a restart."""
        for label, numbers in as_object(memory.get("states")).items():
            state = as_integer(label)
            if state is not None and isinstance(numbers, list):
                self.learn((n for n in numbers if isinstance(n, int)), state)

    def remember(self) -> dict[str, Json]:
        """Return the series of each state."""
        states: dict[str, list[Json]] = {}
        for number, state in sorted(self._known.items()):
            states.setdefault(str(state), []).append(number)
        return {"states": {**states}}
