"""Devices, points and readings, independent of Home Assistant and of any server."""
