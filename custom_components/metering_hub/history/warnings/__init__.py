"""Warnings of odd hours, which reject nothing."""
