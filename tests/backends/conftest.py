"""Fixtures for the tests of all backends."""

from tests.known_requests import only_known_requests

__all__ = ["only_known_requests"]
