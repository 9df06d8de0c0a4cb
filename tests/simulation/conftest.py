"""Fixtures of all simulations."""

import pytest


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Allow sockets: aiohttp makes real ones, which simloop never connects."""
