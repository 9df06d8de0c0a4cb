"""Tests of the dashboard that the frontend offers."""
