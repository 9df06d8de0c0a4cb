"""Milesight Beaver IoT inside a real Home Assistant."""
