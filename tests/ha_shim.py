"""Run pytest-homeassistant-custom-component on a newer Home Assistant than its own.

Not part of a normal run: python -m pytest -p tests.ha_shim

Version 0.13.375 is made for Home Assistant 2026.10.4. This module fixes it for 2026.11.
Remove it once there is a version for 2026.11.
"""

# Home Assistant must be imported first, because it replaces httpx by httpx2, and respx,
# which the test package uses, imports httpx.
import homeassistant  # noqa: F401

# isort: split
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pytest_homeassistant_custom_component import syrupy

from homeassistant.components import logger
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er, restore_state

# The test package imports this helper from its old place.
with suppress(ImportError):
    from homeassistant.components.logger.helpers import _clear_logger_overwrites

    logger._clear_logger_overwrites = _clear_logger_overwrites  # type: ignore[attr-defined]


def _set_last_states(data: Any, states: Mapping[str, object]) -> None:
    """Set the states to restore, which are now also stored by registry entry."""
    data.last_states_by_entity_id = dict(states)
    data.hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED,
        data._async_entity_registry_entry_created,
        event_filter=callback(lambda event_data: event_data["action"] == "create"),
    )


def _get_last_states(data: Any) -> object:
    return data.last_states_by_entity_id


if hasattr(restore_state.RestoreStateData, "async_get_stored_state"):
    setattr(  # noqa: B010 -- an assignment would not type
        restore_state.RestoreStateData,
        "last_states",
        property(_get_last_states, _set_last_states),
    )


class _EntityRegistryEntrySnapshot(syrupy.EntityRegistryEntrySnapshot):
    """A snapshot of an entity, without fields that older versions do not have."""

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__({k: v for k, v in values.items() if k != "compat_name"})


_EntityRegistryEntrySnapshot.__name__ = "EntityRegistryEntrySnapshot"
syrupy.EntityRegistryEntrySnapshot = _EntityRegistryEntrySnapshot
