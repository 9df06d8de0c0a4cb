"""Every fault of a network or a server, put between a real client and a simulator."""
