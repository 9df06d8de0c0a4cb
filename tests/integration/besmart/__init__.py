"""besmart in a real Home Assistant."""
