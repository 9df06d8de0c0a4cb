"""The data state in which each series is read: Clean if it has values, otherwise Raw.

Clean values exist only if the server's clean-up task runs for the campaign or if users
store them, so the state is learned for each series. States are identified by name,
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

LOOK_FOR_BETTER = timedelta(days=1)
"""How often a better state than the current one is looked for."""

type Results[Found] = tuple[dict[int, Found], dict[int, BackendError]]
"""Results and errors by series."""


class DataStates:
    """Remembers the data state of each series, by the state's id."""

    def __init__(self) -> None:
        """Initialize without any states."""
        self._order: tuple[int, ...] = ()
        self._states: dict[int, int] = {}
        self._looked: dict[int, datetime] = {}

    def update_names(self, names: Mapping[int, str]) -> None:
        """Set the server's states, by id; names are in lower case.

        If none of the names is a preferred one, all states are tried.
        """
        by_name = {name: number for number, name in names.items()}
        preferred = [by_name[name] for name in PREFERRED if name in by_name]
        self._order = tuple(preferred or sorted(names))

    def of(self, series_id: int) -> int | None:
        """Return the state of a series, or `None` while no values have been found."""
        state = self._states.get(series_id)
        return state if state in self._order else None

    def set(self, series_ids: Iterable[int], state: int) -> None:
        """Use a state for these series from now on."""
        self._states |= dict.fromkeys(series_ids, state)

    def group(self, series_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return series grouped by state; series without a state are left out."""
        groups: dict[int, list[int]] = {}
        for number in series_ids:
            if (state := self.of(number)) is not None:
                groups.setdefault(state, []).append(number)
        return groups

    async def search[Found](
        self,
        series_ids: Collection[int],
        read: Callable[[list[int], int], Awaitable[Results[Found]]],
        *,
        everywhere: bool = False,
    ) -> Results[Found]:
        """Read series in one state after the other until they have a result.

        `read` is called with series and a state. The state with a result is set. A
        series that has a state is read in that state only, unless `everywhere`.
        """
        found: dict[int, Found] = {}
        failed: dict[int, BackendError] = {}
        for state in self._order:
            rest = [
                number
                for number in series_ids
                if number not in found
                and number not in failed
                and (everywhere or self.of(number) in (None, state))
            ]
            results, errors = await read(rest, state)
            self.set(results, state)
            found |= results
            failed |= errors
        return found, failed

    def due_for_better(
        self, series_ids: Iterable[int], now: datetime
    ) -> dict[int, list[int]]:
        """Return series to look for in a better state, by that state; once a day."""
        due: dict[int, list[int]] = {}
        for number in series_ids:
            if (state := self.of(number)) in (None, *self._order[:1]):
                continue
            # The first look is a day after the state was learned.
            looked = self._looked.setdefault(number, now)
            if now - looked >= LOOK_FOR_BETTER:
                self._looked[number] = now
                for better in self._order[: self._order.index(state)]:
                    due.setdefault(better, []).append(number)
        return due

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._states = {n: s for n, s in self._states.items() if n in series_ids}
        self._looked = {n: at for n, at in self._looked.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned."""
        for label, numbers in as_object(memory.get("states")).items():
            state = as_integer(label)
            if state is not None and isinstance(numbers, list):
                self.set((n for n in numbers if isinstance(n, int)), state)

    def remember(self) -> dict[str, Json]:
        """Return the series of each state."""
        states: dict[str, list[Json]] = {}
        for number, state in sorted(self._states.items()):
            states.setdefault(str(state), []).append(number)
        return {"states": {**states}}
