"""Simulators: servers that speak the real wire format of each backend."""
