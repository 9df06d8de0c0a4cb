"""Whole answers of servers that are mutated: only the project's own errors come out."""
