"""Sources on the Energy dashboard."""
