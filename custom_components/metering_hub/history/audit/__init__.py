"""The audit of what is recorded: find, repair and report what is wrong."""
