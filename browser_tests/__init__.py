"""Tests of a user at a real browser, with Home Assistant and simulated servers."""
