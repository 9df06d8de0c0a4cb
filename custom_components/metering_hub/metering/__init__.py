"""The pure core: the model, columns of readings, the register rules."""
