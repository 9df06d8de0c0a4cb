"""The latest readings: when they are polled, and which are shown."""
