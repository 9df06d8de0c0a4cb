"""A simulator of the REST API of DSMR-reader."""

from .crc import crc16
from .knobs import DEFAULT_KEY, ClockError, Knobs, Late, Problem
from .prices import Contract, default_contracts
from .simulator import DsmrReaderSimulator

__all__ = [
    "DEFAULT_KEY",
    "ClockError",
    "Contract",
    "DsmrReaderSimulator",
    "Knobs",
    "Late",
    "Problem",
    "crc16",
    "default_contracts",
]
