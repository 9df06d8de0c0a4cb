"""Texts that can be set, and which of them are secrets.

Source: docs/wire/milesight.md, Entities and Control.
"""

import re

from ...metering.model import TextLimits
from .entity_rows import EntityRow, ValueType

LONGEST_STATE = 255
"""The longest text that an entity of Home Assistant can set or show."""

LONGEST_TEXT = 10_000
"""What is accepted of a text for which the server has no limit."""

_SECRET = re.compile(r"(^|_)(key|pass|passwd|password|pin|psk|secret|token)$")


def is_secret(entity: EntityRow) -> bool:
    """Return True for a text that is a key or password, or can only be written."""
    if entity.value_type is not ValueType.STRING or entity.labels:
        return False
    last_part = entity.key.rpartition(".")[2].lower()
    is_write_only = entity.is_writable and not entity.is_readable
    return is_write_only or _SECRET.search(last_part) is not None


def text_limits(entity: EntityRow) -> TextLimits:
    """Return the lengths that the server accepts."""
    longest = LONGEST_TEXT if entity.longest is None else max(1, entity.longest)
    shortest = 0 if entity.shortest is None else entity.shortest
    return TextLimits(
        shortest=max(0, min(shortest, longest)),
        longest=longest,
        is_secret=is_secret(entity),
    )
