"""Store the last inventory of an entry, for the options of one that is not loaded.

Only what the forms need is stored: no serial numbers, and of the points only those that
the user can say something about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import islice
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..memory import CheckedStore
from ..metering.inventory import Inventory
from ..metering.model import Device, Kind, Point, Quantity, Role

_VERSION = 1
_SAVE_DELAY = 30.0
"""The seconds within which several changes are written at once."""

_MOST = 5_000
"""How many devices, and how many points, are stored at most."""

_DEVICE_FIELDS = ("key", "name", "translation_key", "parent", "suggested_area")
_POINT_FIELDS = (
    *("key", "device_key", "quantity", "kind", "name", "translation_key", "unit"),
    *("role", "enabled_default", "sum_of", "former_keys", "server_unit"),
)
_COUNTED = frozenset({Kind.REGISTER, Kind.INTERVAL, Kind.INSTANT, Kind.UNDECIDED})

type _Row = dict[str, Any]
type _Stored = dict[str, Any]


class InventoryStore:
    """The last inventory of an entry, in a file of its own."""

    def __init__[Data](self, hass: HomeAssistant, entry: ConfigEntry[Data]) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._hass = hass
        # A large server has thousands of points, which are written in a thread.
        self._store: Store[_Stored] = CheckedStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry.entry_id}.inventory",
            serialize_in_event_loop=False,
        )
        self._saved: _Stored | None = None

    async def async_save(self, inventory: Inventory) -> None:
        """Save an inventory soon, if it differs from the one saved last."""
        changed = await self._hass.async_add_executor_job(
            _if_changed, inventory, self._saved
        )
        if changed is not None:
            self._saved = changed
            self._store.async_delay_save(lambda: changed, _SAVE_DELAY)

    async def async_load(self) -> Inventory | None:
        """Return the stored inventory, or `None` if there is none that can be read."""
        if (stored := await self._store.async_load()) is None:
            return None
        return await self._hass.async_add_executor_job(_from_stored, stored)

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()


def _if_changed(inventory: Inventory, saved: _Stored | None) -> _Stored | None:
    """Return what to store of an inventory, unless it is what was saved."""
    stored = _to_stored(inventory)
    return None if stored == saved else stored


def _to_stored(inventory: Inventory) -> _Stored:
    """Return what is stored of an inventory."""
    points = (
        point
        for point in inventory.points.values()
        if point.kind in _COUNTED and not point.writable
    )
    return {
        "devices": _rows(Device, inventory.devices.values(), _DEVICE_FIELDS),
        "points": _rows(Point, points, _POINT_FIELDS),
        "undecided": sorted(inventory.undecided),
        "choices": {name: dict(each) for name, each in inventory.choices.items()},
        "grid_candidates": sorted(inventory.grid_candidates),
        "solar_candidates": sorted(inventory.solar_candidates),
    }


def _rows[Item: (Device, Point)](
    kind: type[Item], items: Iterable[Item], names: Iterable[str]
) -> list[_Row]:
    """Return the named fields of items, without those that have their default."""
    defaults = {field.name: field.default for field in fields(kind)}
    rows: list[_Row] = []
    for item in islice(items, _MOST):
        values = {name: getattr(item, name) for name in names}
        rows.append({n: v for n, v in values.items() if v != defaults[n]})
    return rows


def _from_stored(stored: _Stored) -> Inventory | None:
    """Return a stored inventory; `None` if another version of us stored it."""
    try:
        devices = [Device(**row) for row in stored["devices"]]
        points = [_point(row) for row in stored["points"]]
        return Inventory(
            {device.key: device for device in devices},
            {point.key: point for point in points},
            undecided=frozenset(stored["undecided"]),
            choices=stored["choices"],
            grid_candidates=frozenset(stored["grid_candidates"]),
            solar_candidates=frozenset(stored["solar_candidates"]),
        )
    except KeyError, TypeError, ValueError:
        return None


def _point(row: Mapping[str, Any]) -> Point:
    """Return a stored point; raises KeyError, TypeError or ValueError."""
    role = row.get("role")
    return Point(
        **{
            **row,
            "quantity": Quantity(row["quantity"]),
            "kind": Kind(row["kind"]),
            "role": Role(role) if role else None,
            "sum_of": tuple(row.get("sum_of", ())),
            "former_keys": tuple(row.get("former_keys", ())),
        }
    )
