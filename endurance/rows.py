"""The recorded rows of two runs, and what differs between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FIELDS = ("change", "sum", "state", "mean", "min", "max")
ABSOLUTE, RELATIVE = 1e-6, 1e-9
"""By how much equal numbers may differ: sums are added up in another order."""

type Row = Mapping[str, float | None]
"""The values of one hour by field; a field that is missing or None has no value."""

type Rows = Mapping[str, Mapping[int, Row]]
"""The rows by statistic id and the start of their hour (epoch seconds)."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One value that is not as in the clean run; None is a row or value without."""

    statistic_id: str
    hour: int
    field: str
    clean: float | None
    found: float | None


def differences(clean: Rows, found: Rows) -> list[Difference]:
    """Return what differs, by statistic, hour and field."""
    return sorted(
        difference
        for statistic_id in clean.keys() | found.keys()
        for difference in _of_statistic(
            statistic_id, clean.get(statistic_id, {}), found.get(statistic_id, {})
        )
    )


def _of_statistic(
    statistic_id: str, clean: Mapping[int, Row], found: Mapping[int, Row]
) -> Iterator[Difference]:
    """Yield what differs in one statistic; a row that one of them lacks is one."""
    for hour in clean.keys() | found.keys():
        if hour not in clean or hour not in found:
            have = float(hour in clean), float(hour in found)
            yield Difference(statistic_id, hour, "row", *have)
            continue
        for name in FIELDS:
            values = clean[hour].get(name), found[hour].get(name)
            if not is_equal(*values):
                yield Difference(statistic_id, hour, name, *values)


def is_equal(clean: float | None, found: float | None) -> bool:
    """Return True if two values are the same but for the order of additions."""
    if clean is None or found is None:
        return clean is found
    return abs(clean - found) <= ABSOLUTE + RELATIVE * abs(clean)
