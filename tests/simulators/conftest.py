"""Fixtures for what all simulators share, tested on the DSMR-reader simulator."""

from .dsmr_reader.conftest import api, house, simulator

__all__ = ["api", "house", "simulator"]
