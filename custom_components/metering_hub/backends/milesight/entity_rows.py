"""The entities of Beaver IoT as dataclasses, and their parser.

Source: docs/wire/milesight.md, Entities.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import re

from ..common.http import Json
from ..common.parse import as_integer, as_number, as_object, as_text, as_whole_text
from .models import Object, as_id


class EntityType(StrEnum):
    """The types of entities that are used; only a PROPERTY has a latest value."""

    PROPERTY = "PROPERTY"
    SERVICE = "SERVICE"


class ValueType(StrEnum):
    """The value types that the integration supports."""

    STRING = "STRING"
    LONG = "LONG"
    DOUBLE = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    OBJECT = "OBJECT"


NUMERIC = frozenset({ValueType.LONG, ValueType.DOUBLE})


class StoreMode(StrEnum):
    """Which values of an entity the server keeps (since 1.3.1)."""

    ALL = "ALL"
    HISTORY = "HISTORY"
    """There are stored values, but never a latest one."""

    LATEST = "LATEST"
    """There is a latest value, but no stored ones."""

    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRow:
    """An entity of a device or of an integration.

    `key` is the key of that device or integration, a dot, and the entity's identifier;
    the key of a child entity has one more part. `labels` are the labels of an enum by
    value, which is text for all value types. `shortest` and `longest` are the lengths
    of a text. A child that `is_optional` need not be written with its siblings. An
    entity that `is_customized` was made by a user.
    """

    id: str
    key: str = field(repr=False)
    name: str | None
    type: EntityType
    value_type: ValueType
    is_writable: bool
    is_readable: bool
    integration_name: str | None
    unit: str | None
    labels: Mapping[str, str]
    lowest: float | None
    highest: float | None
    fraction_digits: int | None
    format: str | None
    shortest: int | None = None
    longest: int | None = None
    is_optional: bool = False
    store_mode: StoreMode = StoreMode.ALL
    is_customized: bool = False


def parse_entity(row: Object) -> EntityRow | None:
    """Parse a row of entity/search or entity/advanced-search.

    Returns `None` for types that Home Assistant cannot show: EVENT, BINARY, and any
    that a later release adds.
    """
    entity_id, key = as_id(row.get("entity_id")), as_whole_text(row.get("entity_key"))
    try:
        entity_type = EntityType(as_text(row.get("entity_type")) or "")
        value_type = ValueType(as_text(row.get("entity_value_type")) or "")
    except ValueError:
        return None
    if entity_id is None or key is None:
        return None
    access = as_text(row.get("entity_access_mod")) or ""
    attribute = as_object(row.get("entity_value_attribute"))
    return EntityRow(
        id=entity_id,
        key=key,
        name=as_text(row.get("entity_name")),
        type=entity_type,
        value_type=value_type,
        is_writable="W" in access,
        is_readable="R" in access,
        integration_name=as_text(row.get("integration_name")),
        unit=as_text(attribute.get("unit")),
        labels=_parse_labels(attribute.get("enum")),
        lowest=as_number(attribute.get("min")),
        highest=as_number(attribute.get("max")),
        fraction_digits=as_integer(attribute.get("fraction_digits")),
        format=as_text(attribute.get("format")),
        shortest=_length(attribute, "min_length", min),
        longest=_length(attribute, "max_length", max),
        is_optional=attribute.get("optional") is True,
        store_mode=_store_mode(as_text(row.get("entity_value_store_mod"))),
        is_customized=row.get("entity_is_customized") is True,
    )


def _length(
    attribute: Object, name: str, choose: Callable[[Iterable[int]], int]
) -> int | None:
    """Return the shortest or longest length of a text.

    A `length_range` names all lengths that are accepted.
    """
    named = re.findall(r"\d{1,6}", as_whole_text(attribute.get("length_range")) or "")
    if (length := as_integer(attribute.get(name))) is not None:
        return length
    return choose(map(int, named)) if named else None


def _store_mode(text: str | None) -> StoreMode:
    """Return which values the server keeps: all of them, unless it says otherwise."""
    return StoreMode(text) if text and text in StoreMode else StoreMode.ALL


def _parse_labels(enum: Json) -> dict[str, str]:
    """Return the labels of an enum by value; equal ones are told apart by the value."""
    labels = {value: as_text(text) or value for value, text in as_object(enum).items()}
    used = Counter(labels.values())
    taken = set[str]()
    unique: dict[str, str] = {}
    for value, label in labels.items():
        option = label
        while used[option] > 1 or option in taken:
            option = f"{option} ({value})"
        taken.add(option)
        unique[value] = option
    return unique


def parse_meta(data: Json, entity_id: str) -> EntityRow | None:
    """Parse the answer of entity/{id}/meta, which has no id in 1.0.0."""
    meta = as_object(data)
    return parse_entity(
        {
            **{f"entity_{name}": value for name, value in meta.items()},
            "entity_id": entity_id,
        }
    )
