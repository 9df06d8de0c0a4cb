"""Tests of the demo's checks."""
