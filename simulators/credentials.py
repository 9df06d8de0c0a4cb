"""Compare passwords, keys and tokens."""

from hmac import compare_digest


def is_same_secret(given: str, expected: str) -> bool:
    """Return True if two secrets are equal; an empty one never is."""
    return bool(expected) and compare_digest(given.encode(), expected.encode())
