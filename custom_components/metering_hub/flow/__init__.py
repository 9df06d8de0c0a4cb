"""Forms of the config and options flow."""
