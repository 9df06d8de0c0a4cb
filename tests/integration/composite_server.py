"""A fictitious server with a thermostat, two valves and a tracker, and its backend."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import override

from custom_components.metering_hub.backends.base import (
    BackendSpec,
    Capability,
    Field,
    FieldKind,
)
from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.backends.common.messages import Request
from custom_components.metering_hub.backends.common.parse import as_object
from custom_components.metering_hub.metering.inventory import (
    Composite,
    CompositePlatform,
    Inventory,
    Part,
    SettingField,
    SettingGroup,
)
from custom_components.metering_hub.metering.model import (
    Category,
    Device,
    Kind,
    Point,
    Quantity,
    Value,
)

from .plug import POLL_SECONDS, PlugBackend

MODES = {"heat": "heat", "em heat": "heat", "cool": "cool", "auto": "heat_cool"}
FAN_MODES = {"Auto": "auto", "Circulate": "circulate"}
COMPOSITES = "composites"
"""The key in `PlugServer.settable` that says whether the server has composites."""

_POINT = Point(key="", device_key="", quantity=Quantity.OTHER, kind=Kind.INSTANT)
_CONTROL = replace(_POINT, device_key="hall", writable=True, enabled_default=False)
POINTS = (
    replace(_POINT, key="temperature", device_key="hall", name="Air", unit="°C"),
    replace(_CONTROL, key="target", name="Target", unit="°C", group="control"),
    replace(
        _CONTROL,
        key="mode",
        name="Mode",
        kind=Kind.STATE,
        options=tuple(MODES),
        group="control",
    ),
    replace(_CONTROL, key="system", name="System", kind=Kind.FLAG),
    replace(_CONTROL, key="fan", name="Fan", kind=Kind.STATE, options=tuple(FAN_MODES)),
    replace(_POINT, key="is_open", device_key="tap", kind=Kind.FLAG, is_part=True),
    replace(_CONTROL, key="open", device_key="tap", name="Open", kind=Kind.FLAG),
    replace(_POINT, key="opening", device_key="tap", name="Opening", unit="%"),
    replace(_CONTROL, key="to", device_key="tap", name="Target opening", unit="%"),
    replace(_POINT, key="latitude", device_key="bicycle", is_part=True),
    replace(_POINT, key="longitude", device_key="bicycle", is_part=True),
)
GROUPS = (
    SettingGroup(
        key="control",
        device_key="hall",
        name="Control",
        fields=(
            SettingField(key="target", name="Target", kind=Kind.INSTANT),
            SettingField(key="mode", name="Mode", kind=Kind.STATE),
        ),
    ),
)
_VALVE = Composite(
    key="",
    device_key="tap",
    platform=CompositePlatform.VALVE,
    parts={},
    translation_key="valve",
)
ALL_COMPOSITES = (
    Composite(
        key="thermostat",
        device_key="hall",
        platform=CompositePlatform.CLIMATE,
        parts={
            Part.CURRENT_TEMPERATURE: "temperature",
            Part.TARGET_TEMPERATURE: "target",
            Part.MODE: "mode",
            Part.POWER: "system",
            Part.FAN_MODE: "fan",
        },
        words={Part.MODE: MODES, Part.FAN_MODE: FAN_MODES},
    ),
    replace(
        _VALVE,
        key="valve_1",
        parts={Part.IS_OPEN: "is_open", Part.COMMAND: "open"},
        placeholders={"number": "1"},
    ),
    replace(
        _VALVE,
        key="valve_2",
        parts={Part.POSITION: "opening", Part.TARGET_POSITION: "to"},
        placeholders={"number": "2"},
    ),
    Composite(
        key="tracker",
        device_key="bicycle",
        platform=CompositePlatform.DEVICE_TRACKER,
        parts={Part.LATITUDE: "latitude", Part.LONGITUDE: "longitude"},
    ),
    Composite(
        key="map_tracker",
        device_key="bicycle",
        platform=CompositePlatform.DEVICE_TRACKER,
        parts={Part.LATITUDE: "latitude", Part.LONGITUDE: "longitude"},
        translation_key="map_position",
        category=Category.DIAGNOSTIC,
        enabled_default=False,
    ),
)
FIRST_VALUES: Mapping[str, Value] = {
    "temperature": 20.5,
    "target": 21.0,
    "mode": "heat",
    "system": True,
    "fan": "Auto",
    "is_open": False,
    "open": False,
    "opening": 40,
    "to": 40,
}


class CompositeBackend(PlugBackend):
    """A backend that declares composites, and writes groups in one request."""

    @override
    async def inventory(self) -> Inventory:
        """Return the devices, their points and, unless they are gone, composites."""
        settable = as_object(await self._http.get("/settable"))
        composites = ALL_COMPOSITES if settable[COMPOSITES] is True else ()
        return Inventory(
            {
                key: Device(key=key, name=key.title())
                for key in ("hall", "tap", "bicycle")
            },
            {point.key: point for point in POINTS},
            groups={group.key: group for group in GROUPS},
            composites={composite.key: composite for composite in composites},
        )

    @override
    async def write_group(
        self, group: SettingGroup, values: Mapping[str, Value]
    ) -> None:
        """Write the values in one request."""
        body: Json = {
            key: value
            for key, value in values.items()
            if isinstance(value, str | float | bool)
        }
        await self._http.request(Request(method="POST", path="/values", json=body))


SPEC = BackendSpec(
    key="composites",
    name="Composites",
    title="Composites",
    fields=(Field(name="url", kind=FieldKind.URL, identifies=True),),
    make=CompositeBackend,
    poll_interval=timedelta(seconds=POLL_SECONDS),
    capabilities=frozenset({Capability.WATCH, Capability.WRITE}),
)
