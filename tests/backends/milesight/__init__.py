"""Milesight Beaver IoT: the backend against simulated servers of three releases."""
