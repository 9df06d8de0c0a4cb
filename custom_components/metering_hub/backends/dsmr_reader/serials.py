"""Decode the serial numbers in raw telegrams, which are personal data."""


def decode_serial(text: str | None) -> str | None:
    """Decode a serial number, which most meters send as the hex of its characters."""
    if not text:
        return None
    try:
        decoded = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return decoded.strip() if decoded.isprintable() and decoded.strip() else text
