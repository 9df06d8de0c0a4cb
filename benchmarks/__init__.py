"""What the integration costs, measured by script/bench."""
