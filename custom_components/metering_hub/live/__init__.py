"""The newest readings: when they are fetched, and which are shown."""
