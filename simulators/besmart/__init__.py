"""A simulator of the REST API of besmart.energy, in its editions of 2021 and 2026."""

from .catalog import PV_PER_QUARTER, PV_POWER, SIGNAL_TYPES, SignalType
from .events import Event, Garble, Late, Outage, Removal, Revision, Substitute
from .knobs import DEFAULT_LOGIN, DEFAULT_PASSWORD, Knobs
from .sensors import (
    CLIENT,
    HOUSE_MID,
    INVERTER_MID,
    WORKSHOP_MID,
    Meter,
    Person,
    Sensor,
    Workspace,
    default_sensors,
)
from .simulator import BesmartSimulator

__all__ = [
    "CLIENT",
    "DEFAULT_LOGIN",
    "DEFAULT_PASSWORD",
    "HOUSE_MID",
    "INVERTER_MID",
    "PV_PER_QUARTER",
    "PV_POWER",
    "SIGNAL_TYPES",
    "WORKSHOP_MID",
    "BesmartSimulator",
    "Event",
    "Garble",
    "Knobs",
    "Late",
    "Meter",
    "Outage",
    "Person",
    "Removal",
    "Revision",
    "Sensor",
    "SignalType",
    "Substitute",
    "Workspace",
    "default_sensors",
]
