"""Make devices of the devices and integrations of Beaver IoT.

Source: docs/wire/milesight.md, Devices.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...metering.model import Device
from .device_facts import DeviceFacts
from .entity_rows import EntityRow
from .models import DeviceRow
from .points import slug

_MANUFACTURERS: Mapping[str, str] = {
    "milesight-gateway": "Milesight",
    "msc-integration": "Milesight",
}
"""The manufacturer of an integration's devices, where it is known."""


_GATEWAY_PREFIX = "milesight-gateway.device.GW-"
"""How the keys of gateways begin."""


def make_devices(
    rows: Iterable[DeviceRow], facts: Mapping[str, DeviceFacts], url: str
) -> dict[str, Device]:
    """Return the devices of the server by the server's key, the first added first.

    `facts` are by the server's key, too. A device belongs to the gateway that it
    reports through, if the user may see that.
    """
    taken = set[str]()
    devices: dict[str, Device] = {}
    gateways: dict[str, str] = {}
    # Ids are numbers that grow with time.
    for row in sorted(rows, key=lambda row: int(row.id)):
        key = slug(row.key, taken)
        taken.add(key)
        known = facts.get(row.key, DeviceFacts())
        devices[row.key] = Device(
            key=key,
            name=row.name or row.model or key,
            manufacturer=_MANUFACTURERS.get(row.integration or ""),
            model=_model(row.model),
            serial=known.serial,
            software_version=known.software_version,
            hardware_version=known.hardware_version,
            configuration_url=url,
            suggested_area=row.group,
        )
        if row.gateway is not None:
            gateways[row.key] = f"{_GATEWAY_PREFIX}{row.gateway}"
    for child, gateway in gateways.items():
        if gateway in devices and gateway != child:
            devices[child] = replace(devices[child], parent=devices[gateway].key)
    return devices


def _model(model: str | None) -> str | None:
    """Return a model as the maker writes it: AM102, not am102@milesight-iot."""
    if model is None:
        return None
    return model.partition("@")[0].upper().replace("_", "-") or None


def make_integration_devices(
    entities: Iterable[EntityRow], devices: Iterable[Device], url: str
) -> dict[str, Device]:
    """Return a device for each integration that has entities of its own.

    They are by the part of the entities' keys that names the integration.
    """
    taken = {device.key for device in devices}
    found: dict[str, Device] = {}
    for entity in entities:
        integration, _, rest = entity.key.partition(".")
        prefix = f"{integration}.integration"
        if prefix in found or not rest.startswith("integration."):
            continue
        key = slug(prefix, taken)
        taken.add(key)
        found[prefix] = Device(
            key=key,
            name=entity.integration_name or integration,
            configuration_url=url,
        )
    return dict(sorted(found.items()))


def is_integration(prefix: str) -> bool:
    """Return True if a key prefix is that of an integration, not of a device."""
    return prefix.endswith(".integration") and prefix.count(".") == 1
