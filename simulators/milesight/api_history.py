"""Endpoints of stored values: histories and aggregates.

Source: docs/wire/milesight.md, History.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from simulators.faults import Json, Row

from .model import Entity
from .query import ids, instant, page
from .releases import HISTORY_NEWEST_FIRST, HISTORY_OF_SEVERAL, HISTORY_ROW_IDS, Release
from .request import ApiRequest
from .store import Store, history_json
from .wire import invalid, server_error

_AT_ONCE = 100
_NUMERIC = ("LONG", "DOUBLE")
ROW_IDS = frozenset({"id", "entity_id"})


@dataclass(frozen=True, slots=True)
class _Row:
    """A stored value; `number` is its id, which grows in the order of arrival."""

    millis: int
    number: int
    entity: Entity
    value: Json
    value_type: str

    def as_json(self, release: Release) -> Json:
        """Return the row in the form of the release; a LONG is a string in all."""
        row: Row = {
            "id": str(self.number),
            "entity_id": self.entity.id,
            "timestamp": str(self.millis),
            "value": history_json(self.value),
            "value_type": self.value_type,
        }
        return {
            name: value
            for name, value in row.items()
            if value is not None
            and (name not in ROW_IDS or HISTORY_ROW_IDS.has(release))
        }


class _Stored:
    """The stored values of an entity in a span of milliseconds, both ends included."""

    def __init__(
        self, store: Store, entity: Entity, start: int | None, end: int | None
    ) -> None:
        """Initialize with the values of reports, and those that were added singly."""
        self._store = store
        self._entity = entity
        self._instants = store.stored(entity)
        low = 0 if start is None else -(-start // 1000)
        high = store.now if end is None else end // 1000
        self._span = self._instants.between(low, high + 1)
        self._extra = [
            _Row(
                one.millis,
                row_number(one.arrived, entity.id, one.number),
                entity,
                one.value,
                one.value_type or entity.value_type,
            )
            for one in store.extra_rows(entity)
            if (start or 0) <= one.millis and (end is None or one.millis <= end)
        ]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._span) + len(self._extra)

    def row(self, index: int) -> _Row:
        """Return the row of the report with this index, the oldest one first."""
        when = self._instants[self._span[index]]
        return _Row(
            when * 1000,
            row_number(when, self._entity.id),
            self._entity,
            self._store.sample(self._entity, when).value,
            self._entity.value_type,
        )

    def places(self, most: int, *, is_oldest: bool) -> Iterator[tuple[int, int, int]]:
        """Yield time, id and index of the first or the last `most` rows of reports."""
        count = len(self._span)
        indices = range(count)
        part = indices[:most] if is_oldest else indices[max(0, count - most) :]
        for index in part:
            when = self._instants[self._span[index]]
            yield when * 1000, row_number(when, self._entity.id), index

    @property
    def extra(self) -> Sequence[_Row]:
        """Return the rows that were added singly."""
        return self._extra


def row_number(arrived: int, entity_id: str, number: int = 0) -> int:
    """Return the id of a row, a number with 19 digits that grows with its arrival.

    `arrived` is in epoch seconds; `number` counts the rows of that moment.
    """
    return int(f"19{arrived:010}{(int(entity_id) * 10 + number) % 10**7:07}")


def _span(request: ApiRequest) -> tuple[int | None, int | None]:
    """Return start and end in ms; raise ApiError 400 unless the end is later."""
    start = instant(request.body, "start_timestamp")
    end = instant(request.body, "end_timestamp")
    if start is not None and end is not None and end <= start:
        raise invalid("startTimestamp should be less than endTimestamp")
    return start, end


async def history(request: ApiRequest) -> Json:
    """Return a page of stored values.

    Without an order of its own, 1.0.0 returns the oldest row first. Later releases
    return the newest one first, but rows of the same time in no particular order: it
    differs from request to request.
    """
    wanted, (start, end) = page(request.body), _span(request)
    order = _order(request)
    stored = [
        _Stored(request.store, one, start, end) for one in _asked_entities(request)
    ]
    total = sum(map(len, stored))
    most = wanted.number * wanted.size
    places: list[_Place] = []
    for one in stored:
        places += (
            _Place(millis, number, one, index)
            for millis, number, index in one.places(most, is_oldest=order.is_ascending)
        )
        places += (_Place(row.millis, row.number, one, row) for row in one.extra)
        await asyncio.sleep(0)
    places.sort(key=order.key(wanted.number), reverse=not order.is_ascending)
    if not places:
        return {"page_size": 0, "page_number": 1, "total": 0, "content": []}
    chosen = places[most - wanted.size : most]
    if not chosen:
        return {"page_size": 0, "page_number": 1, "total": 0, "content": []}
    content: list[Json] = []
    for place in chosen:
        content.append(place.row().as_json(request.release))
        if len(content) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return {
        "page_size": wanted.size,
        "page_number": wanted.number,
        "total": total,
        "content": content,
    }


class _Place(NamedTuple):
    """Where a row is: its time and id, and its index or the row itself."""

    millis: int
    number: int
    stored: _Stored
    found: int | _Row

    def row(self) -> _Row:
        """Return the row."""
        found = self.found
        return found if isinstance(found, _Row) else self.stored.row(found)


@dataclass(frozen=True, slots=True)
class _Order:
    """The order of the rows, and whether their ids decide between equal times."""

    is_ascending: bool
    is_by_id: bool

    def key(self, page_number: int) -> Callable[[_Place], tuple[int, int]]:
        """Return what to sort by; rows of a time are shuffled unless by their ids."""
        if self.is_by_id:
            return lambda place: (place.millis, place.number)
        seed = f"{page_number}"
        return lambda place: (place.millis, crc32(f"{seed}.{place.number}".encode()))


_SORTABLE = ("timestamp", "id")


def _order(request: ApiRequest) -> _Order:
    """Return the order that `sorts` asks for, or that of the release."""
    sorts = request.body.get("sorts")
    asked: list[tuple[str, bool]] = []
    for sort in sorts if isinstance(sorts, list) else []:
        name = sort.get("property") if isinstance(sort, dict) else None
        if name not in _SORTABLE or not isinstance(sort, dict):
            raise server_error(f"No property '{name}' found")
        is_up = str(sort.get("direction") or "ASC").upper() == "ASC"
        asked.append((str(name), is_up))
    if not asked:
        return _Order(not HISTORY_NEWEST_FIRST.has(request.release), is_by_id=False)
    if asked[0][0] != "timestamp" or len({is_up for _, is_up in asked}) > 1:
        raise server_error("the simulator does not know this order")
    return _Order(asked[0][1], is_by_id=len(asked) > 1)


def _asked_entities(request: ApiRequest) -> list[Entity]:
    """Return the entities of a history: of 1.0.0, all of them if several are asked."""
    several = request.body.get("entity_ids")
    if several and not HISTORY_OF_SEVERAL.has(request.release):
        return request.entities()
    asked = several or request.body.get("entity_id") or []
    found = [request.entity(entity_id) for entity_id in dict.fromkeys(ids(asked))]
    return [one for one in found if one is not None]


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
    rows = await _all(_Stored(request.store, entity, start, end))
    if not rows:
        return {}
    if kind != "LAST" and len({row.value_type for row in rows}) > 1:
        raise server_error("the values are of different types")
    found = [row.value for row in rows]
    if kind == "COUNT":
        return {"count_result": _counts(found, entity)}
    figure = _FIGURES[kind]([value for value in found if value is not None])
    is_long = entity.value_type == "LONG"
    return {
        "value": _plain(figure) if is_long else figure,
        "value_type": entity.value_type,
    }


async def _all(stored: _Stored) -> list[_Row]:
    """Return all stored values, yielding to the event loop now and then."""
    rows = [*stored.extra]
    for index in range(len(stored) - len(stored.extra)):
        rows.append(stored.row(index))
        if index % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return sorted(rows, key=lambda row: (row.millis, row.number))


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
