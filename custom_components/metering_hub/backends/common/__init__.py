"""Building blocks that all backends share."""
