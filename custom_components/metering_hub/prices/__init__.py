"""What the user says that energy costs, and where prices come from."""
