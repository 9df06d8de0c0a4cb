"""Services and resets that a button can call.

Source: docs/wire/milesight.md, Control.
"""

import re

from ...metering.model import Category
from .entity_rows import EntityRow, EntityType, ValueType

_RESET = re.compile(r"^(reset|clear)_(?!.*(enable|config)$)")
"""Settings that are commands: the device sets them back by itself, if at all."""

_ASKS = re.compile(r"^(query|report|fetch|read|request|collect|retrieve|detect)")
"""Commands that only make a device send something."""

_DANGEROUS = re.compile(
    r"boot|reset|clear|delete|remove|erase|factory|reconnect|calibrat|lorawan"
    r"|trigger|release|confirm|self_clean|ble_pair|batch_|benchmark|restore"
    r"|stop_counter"
)
"""Commands that lose data, restart a device or may put it out of service."""

_NO = "no"
_YES = "yes"


def is_command(entity: EntityRow, identifier: str) -> bool:
    """Return True if an entity is called with a value that is always the same.

    A child is none, because a service is only called with all of its parameters.
    """
    if "." in identifier:
        return False
    if entity.type is EntityType.PROPERTY:
        is_reset = entity.is_writable and _RESET.match(identifier) is not None
        is_choice = entity.value_type is ValueType.BOOLEAN or _yes_key(entity)
        return is_reset and bool(is_choice)
    return (
        entity.value_type in (ValueType.BOOLEAN, ValueType.OBJECT)
        or (entity.value_type is ValueType.STRING and entity.is_optional)
        or len(entity.labels) == 1
        or _yes_key(entity) is not None
    )


def has_choice(entity: EntityRow) -> bool:
    """Return True if the other value of a command also means something."""
    return (
        entity.value_type is ValueType.BOOLEAN
        and bool(entity.labels)
        and _yes_key(entity) is None
    )


def called_choice(entity: EntityRow) -> str | None:
    """Return the key of the enum that a command is called with, if it has an enum."""
    return _yes_key(entity) or next(iter(entity.labels), None)


def command_category(identifier: str) -> Category:
    """Return the category of a command by its identifier."""
    return Category.DIAGNOSTIC if _ASKS.match(identifier) else Category.CONFIG


def is_safe(entity: EntityRow, identifier: str) -> bool:
    """Return True if a button for a command can be enabled by default."""
    if has_choice(entity):
        return False
    is_question = _ASKS.match(identifier) is not None
    return is_question or _DANGEROUS.search(identifier.lower()) is None


def _yes_key(entity: EntityRow) -> str | None:
    """Return the key of "yes" if the labels of an entity are "yes" and "no"."""
    keys = {label.lower(): key for key, label in entity.labels.items()}
    return keys[_YES] if keys.keys() == {_YES, _NO} else None
