"""The sums of the registers that count one direction of a meter between them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
import re

from .model import Kind, Point, Quantity, Role

SUM_NAMES: Mapping[Role, str] = {
    Role.GRID_DELIVERED: "import_total",
    Role.GRID_RETURNED: "export_total",
}
"""The name of the sum of each role, which its key ends with."""

_NOT_IN_KEYS = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffSum:
    """The sum of the registers of one role of a device; `parts` are their keys.

    `name` is that of its role in `SUM_NAMES`. The keys of devices may have characters
    that the id of a statistic may not, so `key` has others in their place.
    """

    key: str
    device_key: str
    name: str
    parts: tuple[str, ...]


def tariff_sums(points: Sequence[Point]) -> list[TariffSum]:
    """Return the sums of the devices that have several registers of one role.

    There is none where a point is that sum already, or where two devices would have the
    same key.
    """
    taken = {point.key for point in points}
    existing = [frozenset(point.sum_of) for point in points if point.sum_of]
    found: dict[str, TariffSum] = {}
    for each in _sums(points):
        if each.key in taken:
            found.pop(each.key, None)
            continue
        taken.add(each.key)
        if not any(known.issuperset(each.parts) for known in existing):
            found[each.key] = each
    return [*found.values()]


def _sums(points: Iterable[Point]) -> Iterator[TariffSum]:
    """Yield the sums of all devices.

    Positions and amounts side by side may count the same energy, and so may a register
    that is included in another one.
    """
    groups = defaultdict[tuple[str, str], list[Point]](list)
    for point in points:
        name = SUM_NAMES.get(point.role) if point.role else None
        is_counted = point.kind in (Kind.REGISTER, Kind.INTERVAL)
        is_energy = point.quantity is Quantity.ENERGY
        if name and is_counted and is_energy and not point.sum_of:
            groups[point.device_key, name].append(point)
    for (device_key, name), parts in groups.items():
        keys = {point.key for point in parts}
        is_one_kind = len({point.kind for point in parts}) == 1
        is_apart = not any(point.included_in in keys for point in parts)
        if len(parts) > 1 and is_one_kind and is_apart:
            device = _NOT_IN_KEYS.sub("_", device_key.lower()).strip("_")
            yield TariffSum(
                key=f"{device}_{name}",
                device_key=device_key,
                name=name,
                parts=tuple(sorted(keys)),
            )
