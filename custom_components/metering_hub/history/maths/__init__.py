"""From readings to hourly rows, without Home Assistant."""
