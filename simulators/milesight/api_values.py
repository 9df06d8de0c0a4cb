"""Endpoints of values: latest values, histories and aggregates.

Source: docs/wire/milesight.md, Latest values and History.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulators.faults import Json, Row
from simulators.timeline import Timeline

from .model import Entity
from .query import ids, instant, page, paged
from .releases import NO_DATA_FOR_UNKNOWN, STATUS_TIMESTAMP
from .request import ApiRequest
from .store import Sample, Store, history_json, latest_json
from .wire import invalid, server_error, several

_BATCH_LIMIT = 5000
_AT_ONCE = 100
_NUMERIC = ("LONG", "DOUBLE")


async def status(request: ApiRequest) -> Json:
    """Return the latest value; {} without one."""
    entity = request.entity(request.params["id"])
    if entity is None:
        return None if NO_DATA_FOR_UNKNOWN.has(request.release) else {}
    return _latest(request, entity, request.store)


async def batch_status(request: ApiRequest) -> Json:
    """Return the latest values of up to 5,000 entities; unknown ones are left out."""
    wanted = ids(request.body.get("entity_ids") or [])
    if len(wanted) > _BATCH_LIMIT:
        raise several(
            ("parameter_validation_failed", "size must be between 0 and 5000")
        )
    store = request.store
    found: Row = {}
    for count, entity_id in enumerate(wanted, 1):
        entity = request.entity(entity_id)
        if entity is not None:
            found[entity_id] = _latest(request, entity, store)
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


def _latest(request: ApiRequest, entity: Entity, store: Store) -> Row:
    """Return the latest value of an entity in the form of the release."""
    latest = store.latest(entity)
    if latest is None:
        return {}
    stamp = "timestamp" if STATUS_TIMESTAMP.has(request.release) else "updated_at"
    row: Row = {
        "value": latest_json(latest.value, request.release),
        "value_type": entity.value_type,
        stamp: latest.millis,
    }
    return {name: value for name, value in row.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Stored:
    """The stored values of an entity in a span, oldest first."""

    entity: Entity
    store: Store
    instants: Timeline
    span: range

    def sample(self, index: int) -> Sample:
        """Return the stored value with this index."""
        return self.store.sample(self.entity, self.instants[self.span[index]])

    def row(self, index: int) -> Json:
        """Return the stored value with this index as a row of a history."""
        sample = self.sample(index)
        row: Row = {
            # A unique id with the usual length.
            "id": f"19{sample.when:010}{int(self.entity.id) % 10**7:07}",
            "entity_id": self.entity.id,
            "timestamp": sample.millis,
            "value": history_json(sample.value),
            "value_type": self.entity.value_type,
        }
        return {name: value for name, value in row.items() if value is not None}


def _stored(
    store: Store, entity: Entity, start: int | None, end: int | None
) -> _Stored:
    """Return the values stored between two times in ms, both included."""
    instants = store.stored(entity)
    low = 0 if start is None else -(-start // 1000)
    high = store.now if end is None else end // 1000
    return _Stored(entity, store, instants, instants.between(low, high + 1))


def _span(request: ApiRequest) -> tuple[int | None, int | None]:
    """Return start and end in ms; raise ApiError 400 unless the end is later."""
    start = instant(request.body, "start_timestamp")
    end = instant(request.body, "end_timestamp")
    if start is not None and end is not None and end <= start:
        raise invalid("end_timestamp must be after start_timestamp")
    return start, end


class _Rows(Sequence[tuple[_Stored, int]]):
    """The rows of some entities by time, latest first by default."""

    def __init__(self, stored: list[_Stored], *, ascending: bool) -> None:
        """Initialize; only the rows of several entities have to be sorted."""
        self._one = stored[0] if len(stored) == 1 else None
        self._ascending = ascending
        self._many = [
            (one.instants[one.span[index]], number, index)
            for number, one in enumerate(stored if self._one is None else [])
            for index in range(len(one.span))
        ]
        self._many.sort(reverse=not ascending)
        self._stored = stored

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._many) if self._one is None else len(self._one.span)

    def __getitem__(self, index: int) -> tuple[_Stored, int]:  # type: ignore[override]  # No slices.
        """Return the stored values and the index in them of a row."""
        if self._one is None:
            _, number, at = self._many[index]
            return self._stored[number], at
        return self._one, index if self._ascending else len(self) - 1 - index


async def history(request: ApiRequest) -> Json:
    """Return a page of stored values, latest first; a LONG is a string."""
    wanted, (start, end) = page(request.body), _span(request)
    asked = request.body.get("entity_ids") or request.body.get("entity_id") or []
    found = [request.entity(entity_id) for entity_id in dict.fromkeys(ids(asked))]
    store = request.store
    stored = [_stored(store, one, start, end) for one in found if one is not None]
    rows = _Rows(stored, ascending=_ascending(request.body.get("sorts")))
    return await paged(rows, wanted, lambda place: place[0].row(place[1]))


def _ascending(sorts: Json) -> bool:
    """Return True if the rows are to be sorted oldest first."""
    first = sorts[0] if isinstance(sorts, list) and sorts else None
    if not isinstance(first, dict):
        return False
    if first.get("property") not in ("timestamp", "id"):
        raise server_error(f"No property '{first.get('property')}' found")
    return str(first.get("direction") or "ASC").upper() == "ASC"


async def aggregate(request: ApiRequest) -> Json:
    """Return one aggregate of a span; a LONG is a string, even the mean of LONGs."""
    start, end = _span(request)
    kind = str(request.body.get("aggregate_type") or "").upper()
    if start is None or end is None or request.body.get("entity_id") is None:
        raise invalid("entity_id, start_timestamp and end_timestamp are required")
    if kind not in ("COUNT", *_FIGURES):
        raise server_error(f"JSON parse error: no aggregate_type: {kind}")
    entity = request.entity(str(request.body["entity_id"]))
    if entity is None:
        return {}
    if kind in ("AVG", "SUM") and entity.value_type not in _NUMERIC:
        raise invalid(f"{kind} is not possible for {entity.value_type}")
    found = await _all(_stored(request.store, entity, start, end))
    if not found:
        return {}
    if kind == "COUNT":
        return {"count_result": _counts(found, entity)}
    figure = _FIGURES[kind]([value for value in found if value is not None])
    is_long = entity.value_type == "LONG"
    return {
        "value": _plain(figure) if is_long else figure,
        "value_type": entity.value_type,
    }


async def _all(stored: _Stored) -> list[Json]:
    """Return all stored values, yielding to the event loop now and then."""
    found: list[Json] = []
    for index in range(len(stored.span)):
        found.append(stored.sample(index).value)
        if index % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


def _counts(found: list[Json], entity: Entity) -> list[Json]:
    """Return how often each value occurs."""
    counted = Counter(
        value for value in found if isinstance(value, (str, int, float, bool))
    )
    return [
        {
            "value": history_json(value),
            "value_type": entity.value_type,
            "count": count,
        }
        for value, count in counted.items()
    ]


def _numbers(found: list[Json]) -> list[float]:
    """Return the numbers among the values."""
    return [value for value in found if isinstance(value, (int, float))]


def _last(found: list[Json]) -> Json:
    """Return the last value."""
    return found[-1] if found else None


def _lowest(found: list[Json]) -> Json:
    """Return the smallest number."""
    return min(_numbers(found), default=None)


def _highest(found: list[Json]) -> Json:
    """Return the largest number."""
    return max(_numbers(found), default=None)


def _sum(found: list[Json]) -> Json:
    """Return the sum of the numbers."""
    return sum(_numbers(found))


def _mean(found: list[Json]) -> Json:
    """Return the mean of the numbers."""
    numbers = _numbers(found)
    return sum(numbers) / len(numbers) if numbers else None


_FIGURES: dict[str, Callable[[list[Json]], Json]] = {
    "LAST": _last,
    "MIN": _lowest,
    "MAX": _highest,
    "SUM": _sum,
    "AVG": _mean,
}


def _plain(figure: Json) -> Json:
    """Return a number as a decimal string without trailing zeros: "12", "12.5"."""
    if isinstance(figure, float):
        return f"{figure:.8f}".rstrip("0").rstrip(".")
    return history_json(figure)
