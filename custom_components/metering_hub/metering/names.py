"""Names of points beside the names of their devices, and paths of devices."""

from collections import Counter
from collections.abc import Iterator, Mapping
import re

from .inventory import Inventory
from .model import Device

_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = " _-/:,.;|\N{EN DASH}"
SEPARATOR = " \N{MIDDLE DOT} "
"""What stands between a point, its device and its place in one name."""

_PATH_SEPARATOR = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


def short_names(inventory: Inventory) -> dict[str, str]:
    """Return the names of points, without the leading words that name their places.

    Home Assistant shows the name of the device before that of an entity. A name stays
    whole if nothing else would be left of it, or if two would become the same. Points
    whose name is translated are missing.
    """
    places = {
        key: frozenset(
            word.casefold()
            for each in ancestors(inventory, key)
            for word in _WORD.findall(each.name or "")
        )
        for key in inventory.devices
    }
    shorter = {
        key: _without_places(point.name, places.get(point.device_key, frozenset()))
        for key, point in inventory.points.items()
        if point.name is not None
    }
    used = Counter(
        (inventory.points[key].device_key, name.casefold())
        for key, name in shorter.items()
    )
    return {
        key: name
        if used[inventory.points[key].device_key, name.casefold()] == 1
        else inventory.points[key].name or name
        for key, name in shorter.items()
    }


def combined_name(*parts: str | None) -> str:
    """Return the parts of a name in a row, without those that one before contains."""
    name = ""
    for part in parts:
        if part and part not in name.split(SEPARATOR) and not name.endswith(f" {part}"):
            name = f"{name}{SEPARATOR}{part}" if name else part
    return name


def device_paths(inventory: Inventory, names: Mapping[str, str]) -> dict[str, str]:
    """Return the name of each device behind those of what it is in, sorted.

    The device that all others are in is left out, because it tells nothing apart.
    """
    roots = [each for each in inventory.devices.values() if each.parent is None]
    common = roots[0].key if len(roots) == 1 else None
    paths = {
        key: _PATH_SEPARATOR.join(
            names[each.key]
            for each in reversed([*ancestors(inventory, key)])
            if each.key == key or each.key != common
        )
        for key in inventory.devices
    }
    return dict(sorted(paths.items(), key=lambda item: (item[1].casefold(), item[0])))


def ancestors(inventory: Inventory, key: str) -> Iterator[Device]:
    """Yield a device and what it is in, closest first; a circle ends."""
    seen: set[str] = set()
    current: str | None = key
    while current is not None and current not in seen:
        seen.add(current)
        if (device := inventory.devices.get(current)) is None:
            return
        yield device
        current = device.parent


def _without_places(name: str, places: frozenset[str]) -> str:
    """Return a name without its leading words that are among those of its places."""
    first = word = _WORD.search(name)
    end = 0
    while word is not None and word[0].casefold() in places:
        end = word.end()
        word = _WORD.search(name, end)
    # A number alone names no place: "2 pumps" in "Building 2" are two pumps.
    if end == 0 or word is None or first is None or first[0].isdecimal():
        return name
    rest = name[end:].lstrip(_SEPARATORS)
    return f"{rest[0].upper()}{rest[1:]}" if name[0].isupper() else rest
