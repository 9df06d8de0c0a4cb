"""Tests of the bemserver simulator."""
