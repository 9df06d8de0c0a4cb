"""Helpers for the tests of Beaver IoT in Home Assistant."""

from datetime import datetime

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulators.milesight import (
    DEFAULT_PASSWORD,
    DEFAULT_USERNAME,
    Entity,
    MilesightSimulator,
)

PREFIX = "milesight:user_"


def make_simulator(version: str, devices: int, start: datetime) -> MilesightSimulator:
    """Return a server whose devices are as old as `start`."""
    return MilesightSimulator(
        version=version,
        clock=dt_util.utcnow,
        start=start,
        seed=7,
        device_count=devices,
    )


def credentials(url: str) -> dict[str, object]:
    """Return the connection data of an entry."""
    return {
        "url": url,
        "username": DEFAULT_USERNAME,
        "password": DEFAULT_PASSWORD,
        "client_id": "iab",
        "client_secret": "milesight*iab",
        "tenant": "default",
        "verify_ssl": True,
    }


def form(url: str, **changes: object) -> dict[str, object]:
    """Return the valid input of the connection form, with some changes."""
    flat = {**credentials(url), **changes}
    outside = {name: flat.pop(name) for name in ("url", "username", "password")}
    return {**outside, "advanced": flat}


def key_of(simulator: MilesightSimulator, device: str, identifier: str) -> str:
    """Return the key of the point that a simulated entity is."""
    return point_key(simulator.world.entity(device, identifier))


def point_key(entity: Entity) -> str:
    """Return the key of the point that an entity is."""
    key = entity.key
    for other in (".", "-", "@"):
        key = key.replace(other, "_")
    return "_".join(part for part in key.lower().split("_") if part)


def entity_id_of(
    hass: HomeAssistant, simulator: MilesightSimulator, device: str, identifier: str
) -> str:
    """Return the entity id of a simulated entity, which must be registered."""
    registry = er.async_get(hass)
    unique_id = PREFIX + key_of(simulator, device, identifier)
    for platform in (
        *("sensor", "binary_sensor", "switch", "number", "select", "button", "text"),
    ):
        if found := registry.async_get_entity_id(platform, DOMAIN, unique_id):
            return found
    raise AssertionError(f"{device} {identifier} has no entity.")
