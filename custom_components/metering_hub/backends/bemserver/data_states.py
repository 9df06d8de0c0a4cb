"""The data states in which each series has values: Clean, Raw, or both.

Clean values exist only if the server's clean-up task runs for the campaign or if users
store them. They may begin later than the raw ones and stop before them, so a series is
read in the best state that has values for an hour. States are identified by name,
because a server may number them differently and have additional ones.
Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_object
from ..errors import BackendError

PREFERRED = ("clean", "raw")

LOOK_FOR_OTHERS = timedelta(days=1)
"""How often a series is looked for in the states in which it had no new values."""

CLEANED_WITHIN = timedelta(days=2)
"""A state without values for so long has stopped: the clean-up may run once a day."""

type Results[Found] = tuple[dict[int, Found], dict[int, BackendError]]
"""Results and errors by series."""


class DataStates:
    """Remembers the data states of each series, by their ids."""

    def __init__(self) -> None:
        """Initialize without any states."""
        self._order: tuple[int, ...] = ()
        self._states: dict[int, frozenset[int]] = {}
        self._looked: dict[int, datetime] = {}
        self._revision = 0

    @property
    def revision(self) -> int:
        """Return a number that grows whenever the states of any series change."""
        return self._revision

    def update_names(self, names: Mapping[int, str]) -> None:
        """Set the server's states, by id; names are in lower case.

        If none of the names is a preferred one, all states are tried.
        """
        by_name = {name: number for number, name in names.items()}
        preferred = [by_name[name] for name in PREFERRED if name in by_name]
        self._order = tuple(preferred or sorted(names))
        self._revision += 1

    @property
    def order(self) -> tuple[int, ...]:
        """Return the states that are read, the best one first."""
        return self._order

    def all_of(self, series_id: int) -> tuple[int, ...]:
        """Return the states in which a series has values, the best one first."""
        known = self._states.get(series_id, frozenset())
        return tuple(state for state in self._order if state in known)

    def of(self, series_id: int) -> int | None:
        """Return the best state of a series, or `None` while it has no values."""
        return next(iter(self.all_of(series_id)), None)

    def has_several(self, series_id: int) -> bool:
        """Return True if a series has values in more than one state."""
        return len(self._states.get(series_id, ())) > 1

    def rank(self, state: int) -> int:
        """Return the place of a state in the order: 0 is the best one."""
        return self._order.index(state)

    def add(self, series_ids: Iterable[int], state: int) -> None:
        """Note that these series have values in a state."""
        for number in series_ids:
            known = self._states.get(number, frozenset())
            if state not in known:
                self._states[number] = known | {state}
                self._revision += 1

    def having(self, series_ids: Iterable[int], state: int) -> list[int]:
        """Return those of the series that have values in a state."""
        return [n for n in series_ids if state in self._states.get(n, ())]

    async def search[Found](
        self,
        series_ids: Collection[int],
        read: Callable[[list[int], int], Awaitable[Results[Found]]],
    ) -> Results[Found]:
        """Read series in one state after the other until they have a result.

        `read` is called with series and a state, which is noted for the results. A
        series whose states are known is read in these only.
        """
        found: dict[int, Found] = {}
        failed: dict[int, BackendError] = {}
        for state in self._order:
            rest = [
                number
                for number in series_ids
                if number not in found
                and number not in failed
                and state in (self.all_of(number) or self._order)
            ]
            results, errors = await read(rest, state)
            self.add(results, state)
            found |= results
            failed |= errors
        return found, failed

    def due_for_others(self, series_ids: Iterable[int], now: datetime) -> list[int]:
        """Return the series to look for in all states, once a day."""
        return [
            number
            for number in series_ids
            if number in self._states
            and now - self._looked.get(number, now - LOOK_FOR_OTHERS) >= LOOK_FOR_OTHERS
        ]

    def note_look(self, series_ids: Iterable[int], now: datetime) -> None:
        """Note that these series were looked for in all states."""
        self._looked |= dict.fromkeys(series_ids, now)

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._states = {n: s for n, s in self._states.items() if n in series_ids}
        self._looked = {n: at for n, at in self._looked.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned."""
        for label, numbers in as_object(memory.get("states")).items():
            state = as_integer(label)
            if state is not None and isinstance(numbers, list):
                self.add((n for n in numbers if isinstance(n, int)), state)

    def remember(self) -> dict[str, Json]:
        """Return the series of each state."""
        states: dict[str, list[Json]] = {}
        for number, known in sorted(self._states.items()):
            for state in sorted(known):
                states.setdefault(str(state), []).append(number)
        return {"states": {**states}}
