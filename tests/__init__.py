"""Tests of Metering Hub."""
