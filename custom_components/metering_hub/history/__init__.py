"""The past of a meter, as statistics in Home Assistant."""
