"""A simulator of the REST API of BEMServer."""

from .knobs import DEFAULT_EMAIL, DEFAULT_PASSWORD, Knobs
from .model import CLEAN, RAW, Group, Series, User, World
from .simulator import BemserverSimulator
from .store import Gap

__all__ = [
    "CLEAN",
    "DEFAULT_EMAIL",
    "DEFAULT_PASSWORD",
    "RAW",
    "BemserverSimulator",
    "Gap",
    "Group",
    "Knobs",
    "Series",
    "User",
    "World",
]
