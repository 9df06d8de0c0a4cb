"""A simulator of Milesight Beaver IoT, releases 1.0 to 1.3.1."""

from .knobs import DEFAULT_PASSWORD, DEFAULT_USERNAME, FUNCTIONS, Knobs, User
from .model import Device, Entity, ExtraRow, Gap, Override
from .simulator import MilesightSimulator
from .world import World

__all__ = [
    "DEFAULT_PASSWORD",
    "DEFAULT_USERNAME",
    "FUNCTIONS",
    "Device",
    "Entity",
    "ExtraRow",
    "Gap",
    "Knobs",
    "MilesightSimulator",
    "Override",
    "User",
    "World",
]
