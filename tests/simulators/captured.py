"""Captured answers of running servers, compared with those of a simulator."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from multidict import CIMultiDict

from simulators.faults import Json
from tests.captures import Capture

from .bare_http import send

type HttpAnswer = tuple[int, CIMultiDict[str], bytes]
"""Status, headers and body."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the answers of a simulator must be: names and types, not values.

    `optional` are fields that may be missing, `free_maps` are maps whose names depend
    on the data, `any_type` are fields whose type does, and `same` are fields whose
    values must be equal. With `is_complete`, names have the same order, and lists have
    all kinds of items that the captured ones have; without it, they have no others.
    """

    optional: Collection[str] = frozenset()
    free_maps: Collection[str] = frozenset()
    any_type: Collection[str] = frozenset()
    same: Collection[str] = frozenset()
    is_complete: bool = True

    def differences(self, expected: Json, got: Json, where: str = "") -> list[str]:
        """Return in which ways a value is not like the captured one."""
        name = where.rpartition(".")[2]
        if name in self.any_type:
            return []
        if name in self.same and expected != got:
            return [f"{where}: {got} not {expected}"]
        if isinstance(expected, dict) and isinstance(got, dict):
            is_free = name in self.free_maps
            return [] if is_free else [*self._of_objects(expected, got, where)]
        if isinstance(expected, list) and isinstance(got, list):
            if bool(expected) != bool(got):
                return [f"{where}: only one is empty"]
            return [*self._of_lists(expected, got, where)]
        if type(expected) is not type(got):
            return [f"{where}: {type(got).__name__} not {type(expected).__name__}"]
        return []

    def _of_objects(
        self, expected: Mapping[str, Json], got: Mapping[str, Json], where: str
    ) -> Iterator[str]:
        """Yield the differences of two objects."""
        odd = [
            name for name in expected.keys() ^ got.keys() if name not in self.optional
        ]
        for name in sorted(odd):
            yield f"{where}.{name} {'is missing' if name in expected else 'is new'}"
        if self.is_complete and not odd and list(expected) != list(got):
            yield f"{where}: another order, {[*got]} not {[*expected]}"
        for name, value in expected.items():
            if name in got:
                yield from self.differences(value, got[name], f"{where}.{name}")

    def _of_lists(
        self, expected: Iterable[Json], got: Iterable[Json], where: str
    ) -> Iterator[str]:
        """Yield the differences of the kinds of items in two lists with items."""
        captured, found = kinds(expected), kinds(got)
        for item in found:
            ways = [self.differences(kind, item, f"{where}[]") for kind in captured]
            yield from min(ways, key=len)
        if self.is_complete:
            for kind in captured:
                if all(self.differences(kind, item) for item in found):
                    yield f"{where}: no item like {shape(kind)}"


def kinds(items: Iterable[Json]) -> list[Json]:
    """Return the first item of each kind."""
    found: dict[str, Json] = {}
    for item in items:
        found.setdefault(repr(shape(item)), item)
    return [*found.values()]


def shape(value: Json) -> object:
    """Return names and types; of a list, the different kinds of items."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted({repr(shape(item)) for item in value})
    return type(value).__name__


async def exchange(
    url: str, capture: Capture, body: str | None = None, **headers: str
) -> HttpAnswer:
    """Send the captured request over a bare socket and return the whole answer.

    `headers` replace those of the capture; underscores in their names become dashes.
    """
    sent = CIMultiDict(capture.request_headers)
    for name, value in headers.items():
        sent[name.replace("_", "-")] = value
    text = (capture.request_body or "") if body is None else body
    return await send(url, capture.method, capture.target, sent, text)


def kept(headers: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return those of the headers that are there."""
    return {name: headers[name] for name in names if name in headers}
