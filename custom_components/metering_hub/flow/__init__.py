"""Forms of the config and options flow, and the choices made in them."""
