"""Tests of the integration against a DSMR-reader."""
