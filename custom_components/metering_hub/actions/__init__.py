"""What the actions do: one module for each group of them."""
