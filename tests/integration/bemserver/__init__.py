"""Tests of BEMServer in a real Home Assistant."""
