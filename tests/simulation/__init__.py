"""Deterministic simulation of backends, polls and imports, with faults from a seed."""
