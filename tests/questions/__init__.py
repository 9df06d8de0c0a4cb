"""Tests of what the user is asked."""
