"""Tests of the blueprints for every platform."""
