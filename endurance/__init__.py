"""Long runs of a real Home Assistant that is killed, or that meets random faults."""
