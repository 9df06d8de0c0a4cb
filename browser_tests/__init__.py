"""A person at a real browser: Home Assistant is real, the servers are simulated."""
