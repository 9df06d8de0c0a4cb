"""Units of besmart.energy. Source: docs/wire/besmart.md, "Units"."""

from ..common.units import canonical_unit

_CELSIUS = frozenset({"C", "c"})
"""The server's spellings of °C, which elsewhere are other units."""


def read_unit(text: str | None) -> str | None:
    """Return a unit of the server in Home Assistant's spelling."""
    return "°C" if text in _CELSIUS else canonical_unit(text)
