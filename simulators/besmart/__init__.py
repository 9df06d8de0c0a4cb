"""A simulator of the REST API of besmart.energy, in its editions of 2021 and 2026."""

from .events import Estimate, Event, Garble, Late, Outage, Removal, Revision, Substitute
from .knobs import DEFAULT_LOGIN, DEFAULT_PASSWORD, Knobs
from .sensors import (
    CLIENT,
    HOUSE_MID,
    INVERTER_MID,
    WORKSHOP_MID,
    Location,
    Meter,
    Sensor,
    Workspace,
    default_sensors,
)
from .signal_types import PV_PER_QUARTER, PV_POWER, SIGNAL_TYPES, SignalType
from .simulator import BesmartSimulator
from .utilities import (
    GAS,
    HEAT,
    HEAT_KWH,
    TARIFF,
    UTILITIES_MID,
    UTILITY_TYPES,
    VALVE,
    WATER,
    utilities,
)

__all__ = [
    "CLIENT",
    "DEFAULT_LOGIN",
    "DEFAULT_PASSWORD",
    "GAS",
    "HEAT",
    "HEAT_KWH",
    "HOUSE_MID",
    "INVERTER_MID",
    "PV_PER_QUARTER",
    "PV_POWER",
    "SIGNAL_TYPES",
    "TARIFF",
    "UTILITIES_MID",
    "UTILITY_TYPES",
    "VALVE",
    "WATER",
    "WORKSHOP_MID",
    "BesmartSimulator",
    "Estimate",
    "Event",
    "Garble",
    "Knobs",
    "Late",
    "Location",
    "Meter",
    "Outage",
    "Removal",
    "Revision",
    "Sensor",
    "SignalType",
    "Substitute",
    "Workspace",
    "default_sensors",
    "utilities",
]
