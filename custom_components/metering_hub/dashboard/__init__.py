"""Sources of the Energy dashboard."""
