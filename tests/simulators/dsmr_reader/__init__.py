"""Tests of the dsmr_reader simulator."""
