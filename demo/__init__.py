"""The demo: simulated servers and a real Home Assistant that shows them."""
