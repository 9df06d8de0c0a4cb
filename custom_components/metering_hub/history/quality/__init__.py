"""How well founded each hour is, and what long gaps are estimated from."""
