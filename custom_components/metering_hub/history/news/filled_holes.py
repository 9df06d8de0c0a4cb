"""Find the hours that have become measured although later hours were before them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...metering.quality import LINE, MEASURED, MISSING, UNKNOWN
from ..maths.rows import HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class FilledHoles:
    """The points whose holes were filled, the hours that were, and their span.

    `hours` counts an hour once, however many points it was missing of. `start` and
    `end` are epoch seconds.
    """

    keys: list[str]
    hours: int
    start: float
    end: float


def find_filled(
    start: float,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    late: frozenset[str],
) -> FilledHoles | None:
    """Return which holes an import has filled, if any.

    `before` and `after` are the codes of the hours from `start` (epoch seconds) on by
    point. What comes in order of time fills no hole, unless the point is in `late`.
    """
    filled: set[int] = set()
    keys = []
    for key, codes in before.items():
        if (new := after.get(key, codes)) == codes:
            continue
        if found := filled_hours(codes, new, is_late=key in late):
            filled.update(found)
            keys.append(key)
    if not filled:
        return None
    first, last = min(filled), max(filled)
    return FilledHoles(
        keys,
        len(filled),
        start + first * HOUR_SECONDS,
        start + (last + 1) * HOUR_SECONDS,
    )


def filled_hours(before: bytes, after: bytes, *, is_late: bool) -> list[int]:
    """Return the indexes of the hours that were holes and are measured now.

    An hour of which nothing was known is a hole only if it follows the newest measured
    one, and the data were late.
    """
    newest = before.rfind(MEASURED)
    end = len(before) if is_late and newest >= 0 else max(newest, 0)
    return [
        index
        for index, (old, new) in enumerate(zip(before[:end], after[:end], strict=True))
        if new == MEASURED
        and (LINE <= old <= MISSING or (old == UNKNOWN and index > newest))
    ]
