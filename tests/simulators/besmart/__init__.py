"""Tests of the besmart simulator."""
