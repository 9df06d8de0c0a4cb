"""Tests of what talks to the servers."""
