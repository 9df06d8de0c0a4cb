"""Try ever new examples, and keep the seeds of those that found something."""
