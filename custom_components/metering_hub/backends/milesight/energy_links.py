"""Which counters of a device count the same, so that nothing is counted twice.

A device may count the whole and its channels, or the same energy in Wh and in kWh. The
numbers in the identifiers tell them apart: "group1_value" is the whole of
"group1.chan2", and "energy_wh" counts the same as "energy_import".
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import re

from ...metering.model import Kind, Point, Quantity, Role
from ..common.concurrency import LoopYielder
from ..common.units import unit_factor
from .sources import Source
from .words import EXPORTED, IMPORTED, plain_words

_SOURCES_AT_ONCE = 500
"""How many points are looked at before other tasks get the event loop."""

_NUMBER = re.compile(r"(?<!_m)\d+|(?<=phase_)[abc](?=_|$)|(?<=^)[abc](?=_)")
_FIRST = frozenset({"0", "1", "a"})
"""The number of the first of several channels or phases."""

_ONE_SOURCE = frozenset({Role.WATER, Role.GAS})
"""Roles of which the Energy dashboard has no parts: what counts the same has none."""


@dataclass(frozen=True, slots=True)
class _Counter:
    """A register, and the words of its entity's key.

    The numbers of the device's own key are the same in all of them.
    """

    point: Point
    words: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the numbers of the device and of its group, channel or phase."""
        return tuple(_NUMBER.findall(self.words))

    @property
    def is_exported(self) -> bool:
        """Return True for energy that flows out of the device."""
        text = f"{self.words}_{plain_words(self.point.name or '')}"
        return EXPORTED.search(text) is not None

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Return what the preferred one of counters of the same is the lowest in.

        A named direction says more than none, and a larger unit has more digits.
        """
        size = unit_factor(self.point.unit, "kWh") or unit_factor(self.point.unit, "L")
        return not IMPORTED.search(self.words), -(size or 0), self.point.key


async def with_energy_links(sources: Mapping[str, Source]) -> dict[str, Source]:
    """Return the sources with the roles of their registers, and what includes them."""
    yielder = LoopYielder(_SOURCES_AT_ONCE)
    by_device: dict[tuple[str, Quantity], list[_Counter]] = defaultdict(list)
    for source in sources.values():
        await yielder.spend(1)
        point = source.point
        is_counted = point.quantity is Quantity.ENERGY or point.role in _ONE_SOURCE
        is_counted = is_counted and not source.entity.is_customized
        if point.kind is Kind.REGISTER and is_counted:
            counter = _Counter(point, plain_words(source.entity.key))
            by_device[point.device_key, point.quantity].append(counter)
    changed: dict[str, Point] = {}
    for counters in by_device.values():
        await yielder.spend(len(counters))
        changed |= _linked(counters)
    return {
        key: replace(source, point=changed[key]) if key in changed else source
        for key, source in sources.items()
    }


def _linked(counters: Sequence[_Counter]) -> dict[str, Point]:
    """Return the points of a device's counters that change, by key."""
    imported = [each for each in counters if each.point.role is not None]
    containers = _containers(imported)
    exported = [each for each in counters if each.is_exported]
    both_ways = {each.numbers for each in exported}
    changed: dict[str, Point] = {}
    for each in imported:
        container = containers.get(each.point.key)
        role = each.point.role
        if container and role in _ONE_SOURCE:
            role = None
        elif not container and role is Role.DEVICE and each.numbers in both_ways:
            role = Role.GRID_DELIVERED
        changed[each.point.key] = replace(each.point, role=role, included_in=container)
    wholes = {each.numbers for each in imported if each.point.key not in containers}
    contained = _containers(exported)
    for each in exported:
        if each.numbers in wholes and each.point.key not in contained:
            changed[each.point.key] = replace(each.point, role=Role.GRID_RETURNED)
    return changed


def _containers(counters: Sequence[_Counter]) -> dict[str, str]:
    """Return the key of the counter that includes each other one, if there is one.

    Of those with the same numbers in several units, the preferred one includes those in
    another unit. Counters of the same unit count different things.
    """
    preferred: dict[tuple[str, ...], _Counter] = {}
    for each in sorted(counters, key=lambda counter: counter.rank):
        preferred.setdefault(each.numbers, each)
    wholes = _wholes([*preferred])
    found: dict[str, str] = {}
    for each in counters:
        numbers, same = each.numbers, preferred[each.numbers]
        # The longest beginning is that of the smallest whole.
        beginnings = (numbers[:length] for length in range(len(numbers) - 1, -1, -1))
        whole = next((begin for begin in beginnings if begin in wholes), None)
        if same.point.unit != each.point.unit:
            found[each.point.key] = same.point.key
        elif whole is not None:
            found[each.point.key] = preferred[whole].point.key
    return found


def _wholes(all_numbers: Sequence[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    """Return the numbers of the counters that count the sum of others.

    They have several parts, which are numbered from the first: what is beside a second
    counter is no sum.
    """
    parts: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for numbers in all_numbers:
        for length in range(len(numbers)):
            parts[numbers[:length]].add(numbers[length])
    return frozenset(
        numbers
        for numbers in all_numbers
        if len(parts[numbers]) > 1 and not _FIRST.isdisjoint(parts[numbers])
    )
