"""Turn readings into hourly rows, independent of Home Assistant."""
