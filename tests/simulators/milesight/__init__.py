"""Tests of the milesight simulator."""
