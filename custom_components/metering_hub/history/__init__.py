"""Import stored readings as long-term statistics."""
