"""Tests of the DSMR-reader backend."""
