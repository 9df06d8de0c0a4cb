"""The lines of the M-Bus meters in a telegram.

Source: docs/wire/dsmr_reader.md, Extra meter and Raw telegram.
"""

from dataclasses import dataclass
from datetime import datetime

from .knobs import DEVICE_TYPES, ExtraDevice
from .rows import extra_position, reading_positions
from .store import Store

_OTHER_LAG = 1
"""Two meters are not read in the same second."""


@dataclass(frozen=True, slots=True)
class _Meter:
    """An M-Bus meter: its serial number, its position in thousandths and their time."""

    kind: ExtraDevice
    serial: str
    position: int
    stamp: int


def extra_lines(store: Store, when: int) -> list[str]:
    """Return the lines of all M-Bus meters.

    A Belgian server stores the gas wherever it stands, a Dutch one the last meter. If
    another one is stored, its owner has chosen its channel.
    """
    meters = [*_stored_meter(store, when), *_other_meter(store, when)]
    if store.knobs.belgian:
        meters.sort(key=lambda meter: meter.kind != "gas")
    else:
        meters.reverse()
    return [
        line
        for channel, meter in enumerate(meters, 1)
        for line in _meter_lines(store, channel, meter)
    ]


def stamp_text(store: Store, when: int) -> str:
    """Return a time as in telegrams: local, with S for summer and W for winter."""
    local = datetime.fromtimestamp(when, store.zone)
    season = "S" if local.dst() else "W"
    return f"{local:%y%m%d%H%M%S}{'' if store.knobs.dsmr2 else season}"


def _stored_meter(store: Store, when: int) -> list[_Meter]:
    """Return the meter that the server stores, if there is one."""
    if store.knobs.device is None:
        return []
    position = reading_positions(store, when)["extra_device_delivered"]
    serial = store.house.extra_serial()
    stamp = store.shown_stamp(when)
    return [_Meter(store.knobs.extra_device, serial, position, stamp)]


def _other_meter(store: Store, when: int) -> list[_Meter]:
    """Return the meter that the telegram has, but that the server does not store."""
    kind = store.knobs.other_device
    if (device := DEVICE_TYPES.get(kind)) is None:
        return []
    stamp = store.extra_stamp(when)
    position = extra_position(store, device.channel, stamp)
    return [_Meter(kind, store.house.other_serial(), position, stamp - _OTHER_LAG)]


def _meter_lines(store: Store, channel: int, meter: _Meter) -> list[str]:
    """Return the lines of a meter; each protocol has other codes."""
    knobs, device = store.knobs, DEVICE_TYPES[meter.kind]
    place, stamp = f"0-{channel}", stamp_text(store, meter.stamp)
    serial = meter.serial.encode().hex().upper()
    position = f"{meter.position / 1000:09.3f}"
    if knobs.dsmr2:
        return [
            f"{place}:24.1.0({int(device.code)})",
            f"{place}:96.1.0({serial})",
            f"{place}:24.3.0({stamp})(00)(60)(1)({place}:24.2.1)({device.unit})",
            f"({position})",
            f"{place}:24.4.0(1)",
        ]
    code = 3 if knobs.belgian and meter.kind == "gas" else 1
    return [
        f"{place}:24.1.0({device.code})",
        f"{place}:96.1.{1 if knobs.belgian else 0}({serial})",
        f"{place}:24.2.{code}({stamp})({position}*{device.unit})",
    ]
