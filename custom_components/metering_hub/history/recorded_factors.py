"""Remember by which factors the recorded rows were multiplied.

What the user says that a pulse is worth may change, and nothing in a row tells by which
factor it was made. A change is therefore noted before the rows are converted, together
with one of them: whatever ends Home Assistant in between, that row tells afterwards
whether all were converted, which happens in one transaction.

The file belongs to the statistics, which outlive their entry: an entry that is added
again goes on from them, but knows nothing of what the user said before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..backends.common.http import Json
from ..backends.common.parse import as_number, as_object
from ..backends.common.times import as_utc_moment
from ..memory import CheckedStore
from ..metering.scaling import UNSCALED
from .recorder.rescaling import Rescaling, Witness, find_witness
from .statistic import Scope

_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Begun:
    """A change of a factor that has begun, with a row from before it."""

    before: float
    after: float
    witness: Witness

    @property
    def rescaling(self) -> Rescaling:
        """Return how the rows have to be multiplied."""
        return Rescaling(self.after / self.before, self.witness)


class RecordedFactors:
    """Store the factors of the recorded rows of some statistics, by point key.

    A point that is not in the file has the factor 1. Without a file, the rows are taken
    to be in the units of the points: every import writes it.
    """

    def __init__(self, hass: HomeAssistant, prefix: str) -> None:
        """Initialize the store of the statistics whose ids have a prefix."""
        self._hass = hass
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{prefix.replace(':', '.')}factors"
        )
        self._is_loaded = False
        self._factors: dict[str, float] = {}
        self._is_new = False
        self._begun: dict[str, _Begun] = {}

    async def async_begin(self, scope: Scope) -> Mapping[str, Rescaling]:
        """Note and return how rows have to be multiplied, by statistic id.

        Raises RecorderError and StoppingError.
        """
        await self._async_load()
        if self._is_new:
            return {}
        ids = {point.key: scope.statistic(point).statistic_id for point in scope.points}
        for key in self._begun.keys() & ids.keys():
            await self._async_settle(key, ids[key])
        for point in scope.points:
            before = self._factors.get(point.key, UNSCALED)
            if point.factor == before:
                continue
            # Without a row that has a value, there is nothing to multiply.
            if witness := await find_witness(self._hass, ids[point.key]):
                self._begun[point.key] = _Begun(before, point.factor, witness)
        if self._begun:
            await self._async_save()
        return {
            ids[key]: begun.rescaling
            for key, begun in self._begun.items()
            if key in ids
        }

    async def _async_settle(self, key: str, statistic_id: str) -> None:
        """Find out whether a change that has begun was done before the end came."""
        begun = self._begun.pop(key)
        row = await find_witness(self._hass, statistic_id, begun.witness.start)
        if row is not None and begun.rescaling.is_done_in(row):
            self._factors[key] = begun.after

    async def async_finish(self, scope: Scope) -> None:
        """Note that all rows of the points of a scope are as their factors say."""
        factors = {point.key: point.factor for point in scope.points}
        changed = {
            key: factor
            for key, factor in {**self._factors, **factors}.items()
            if factor != UNSCALED
        }
        begun = {k: each for k, each in self._begun.items() if k not in factors}
        if self._is_new or (self._factors, self._begun) != (changed, begun):
            self._factors, self._begun, self._is_new = changed, begun, False
            await self._async_save()

    async def _async_load(self) -> None:
        """Load what is stored, once; what is invalid is forgotten."""
        if self._is_loaded:
            return
        stored = await self._store.async_load()
        self._is_new = stored is None
        if stored is not None:
            self._factors = {
                key: factor
                for key, value in as_object(stored.get("factors")).items()
                if (factor := as_number(value))
            }
            self._begun = {
                key: begun
                for key, value in as_object(stored.get("begun")).items()
                if (begun := _as_begun(value)) is not None
            }
        self._is_loaded = True

    async def _async_save(self) -> None:
        """Save at once: a delayed note might be lost, and rows be multiplied twice."""
        begun: dict[str, Json] = {
            key: {
                "before": each.before,
                "after": each.after,
                "start": each.witness.start.isoformat(),
                "figure": each.witness.figure,
            }
            for key, each in self._begun.items()
        }
        await self._store.async_save({"factors": {**self._factors}, "begun": begun})

    async def async_remove(self) -> None:
        """Delete the file of an entry that is removed, unless its rows need it."""
        await self._async_load()
        if not self._factors and not self._begun:
            await self._store.async_remove()


def _as_begun(stored: Json) -> _Begun | None:
    """Return a stored change, or `None` if it is invalid."""
    values = as_object(stored)
    before, after = as_number(values.get("before")), as_number(values.get("after"))
    start, figure = as_utc_moment(values.get("start")), as_number(values.get("figure"))
    if not before or not after or start is None or figure is None:
        return None
    return _Begun(before, after, Witness(start, figure))
