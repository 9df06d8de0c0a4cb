"""What keeps failing, and the repair issues that tell the user of it."""
