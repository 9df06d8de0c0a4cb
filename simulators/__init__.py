"""Servers that speak each backend's real wire format, for tests and the demo."""
