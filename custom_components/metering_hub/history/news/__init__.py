"""What an import found that is new, told by events."""
