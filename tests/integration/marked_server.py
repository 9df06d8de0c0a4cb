"""A fictitious server that says a secret wherever a server may say anything."""

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
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import (
    Device,
    Kind,
    Point,
    Quantity,
    Reading,
)
from custom_components.metering_hub.metering.notifications import Notification
from homeassistant.util import dt as dt_util

MARK = "Zq7"
"""What every secret begins with; no other text has it."""

EUI = "24e124fffef77777"
DEVICE_KEY = f"mqtt_{MARK.lower()}_house_{EUI}"
DEVICE = Device(
    key=DEVICE_KEY,
    name=f"{MARK}name",
    manufacturer=None,
    model=f"{MARK} model",
    serial=f"{MARK}serial",
    software_version=f"{MARK} soft",
    hardware_version=f"{MARK} hard",
    parent=DEVICE_KEY,
    configuration_url=f"http://{MARK}.invalid",
    suggested_area=f"{MARK}area",
)
_FREE = Point(
    key=f"{DEVICE_KEY}_state",
    device_key=DEVICE_KEY,
    quantity=Quantity.OTHER,
    kind=Kind.STATE,
    name=f"{MARK}point",
    placeholders={"place": f"{MARK}placeholder"},
    unit=f"{MARK}unit",
    options=(f"{MARK}one", f"{MARK}two"),
    included_in=f"{DEVICE_KEY}_all",
    sum_of=(f"{DEVICE_KEY}_a",),
    group=f"{DEVICE_KEY}_group",
    former_keys=(f"{DEVICE_KEY}_before",),
    server_unit=f"{MARK}raw",
    tariff_numbers={f"{MARK}one": 1},
)
TEXT = Point(
    key=f"{DEVICE_KEY}_text",
    device_key=DEVICE_KEY,
    quantity=Quantity.OTHER,
    kind=Kind.STATE,
    name=f"{MARK}text",
)
EVENT = Point(
    key=f"{DEVICE_KEY}_event",
    device_key=DEVICE_KEY,
    quantity=Quantity.OTHER,
    kind=Kind.EVENT,
    options=(f"{MARK}alarm",),
)
POINTS = (_FREE, TEXT, EVENT)


class MarkedBackend(Backend):
    """The backend of the server."""

    @override
    async def connect(self) -> Identity:
        """Return the identity of the server."""
        return Identity(unique_id="marked", version=f"{MARK}version")

    @override
    async def inventory(self) -> Inventory:
        """Return a device with a secret in each of its texts."""
        return Inventory({DEVICE.key: DEVICE}, {point.key: point for point in POINTS})

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return a secret as the value of each point, and an impossible time."""
        now = dt_util.utcnow()
        notification = Notification(
            key=f"{MARK}key",
            time=now,
            level=f"{MARK}level",
            category=f"{MARK}category",
            source=f"{MARK}source",
            description=f"{MARK}description",
        )
        values = {
            _FREE.key: Reading(time=now, value=f"{MARK}two"),
            TEXT.key: Reading(
                time=now, value=f"{MARK}value", notifications=(notification,)
            ),
            EVENT.key: Reading(
                time=now + timedelta(days=900),
                value=f"{MARK}alarm",
                details={"description": f"{MARK}words"},
            ),
        }
        return Latest(readings={point.key: values[point.key] for point in points})


SPEC = BackendSpec(
    key="marked",
    name="Marked",
    title="Marked",
    fields=(Field(name="url", kind=FieldKind.URL, identifies=True),),
    make=lambda session, data, options: MarkedBackend(),
    poll_interval=timedelta(minutes=5),
)
