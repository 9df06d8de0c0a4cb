"""Tests of the BEMServer backend, without Home Assistant."""
