"""Tests of the besmart backend."""
