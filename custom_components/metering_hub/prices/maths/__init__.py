"""Pure functions: what a tariff is, and what it charges for an hour."""
