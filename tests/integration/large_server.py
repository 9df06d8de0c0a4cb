"""A fictitious server with many devices, whose readings say who lives where."""

from collections.abc import Collection
from datetime import timedelta
from typing import override

from custom_components.metering_hub.backends.base import (
    Backend,
    BackendSpec,
    Field,
    FieldKind,
    Identity,
    Latest,
)
from custom_components.metering_hub.metering.inventory import (
    Composite,
    CompositePlatform,
    Inventory,
)
from custom_components.metering_hub.metering.model import (
    Device,
    Kind,
    Point,
    Quantity,
    Reading,
    TextLimits,
    Value,
)
from homeassistant.util import dt as dt_util

DEVICES = 150
POINTS = 60

VALUES: dict[str, Value] = {
    "latitude": 52.520008,
    "north": 52.520009,
    "note": "Anna is away until Friday",
    "key": 4711.0815,
    "mode": "eco",
    "power": 1234.5,
}
SECRETS = ("52.52", "Anna", "anna", "4711", "24e124fffef54321")


class LargeBackend(Backend):
    """The backend of the server."""

    @override
    async def connect(self) -> Identity:
        """Return the identity of the server."""
        return Identity(unique_id="large", version="1.0")

    @override
    async def inventory(self) -> Inventory:
        """Return a tracker that a person named, and many meters."""
        devices = {"mqtt_annas_car": Device(key="mqtt_annas_car", name="Anna's car")}
        points = [
            _point("latitude"),
            _point("north"),
            _point("note", kind=Kind.STATE),
            _point("key", text=TextLimits(is_secret=True)),
            _point("mode", kind=Kind.STATE, options=("eco", "away")),
            _point("power"),
        ]
        for number in range(DEVICES):
            key = f"meter_24e124fffef5{number:04x}"
            devices[key] = Device(key=key, name=f"Meter {number}")
            points += [_point(f"reading_{n}", key) for n in range(POINTS)]
        tracker = Composite(
            key="tracker",
            device_key="mqtt_annas_car",
            platform=CompositePlatform.DEVICE_TRACKER,
            parts={"latitude": "mqtt_annas_car_north"},
        )
        return Inventory(
            devices,
            {point.key: point for point in points},
            composites={tracker.key: tracker},
        )

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the value of each point."""
        now = dt_util.utcnow()
        return Latest(
            readings={
                point.key: Reading(
                    time=now, value=VALUES.get(str(point.name), 24681.357913)
                )
                for point in points
            }
        )


def _point(
    name: str,
    device_key: str = "mqtt_annas_car",
    *,
    kind: Kind = Kind.INSTANT,
    options: tuple[str, ...] | None = None,
    text: TextLimits | None = None,
) -> Point:
    return Point(
        key=f"{device_key}_{name}",
        device_key=device_key,
        quantity=Quantity.OTHER,
        kind=kind,
        name=name,
        options=options,
        text=text,
        precision=3,
        stale_after=timedelta(minutes=5),
        former_keys=(f"{device_key}_{name}_before",),
    )


SPEC = BackendSpec(
    key="large",
    name="Large",
    title="Large",
    fields=(Field(name="url", kind=FieldKind.URL, identifies=True),),
    make=lambda session, data, options: LargeBackend(),
    poll_interval=timedelta(minutes=5),
)
