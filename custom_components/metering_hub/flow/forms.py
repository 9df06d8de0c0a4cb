"""Make forms from the fields that backends declare."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import probatio
import voluptuous as vol

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..backends.base import BackendSpec, Field, FieldKind, Setting
from ..backends.common.url import normalize_url

type FormData = dict[str, Any]
"""A submitted form."""

type Values = dict[str, Setting]
"""The values of fields by name, as a config entry stores them."""

type Offers = Mapping[str, Mapping[str, str]]
"""The labels of the choices of fields, by field name and value."""

_TEXT_TYPES: Mapping[FieldKind, tuple[TextSelectorType, str | None]] = {
    FieldKind.URL: (TextSelectorType.URL, "url"),
    FieldKind.TEXT: (TextSelectorType.TEXT, None),
    FieldKind.EMAIL: (TextSelectorType.EMAIL, "username"),
    FieldKind.KEY: (TextSelectorType.PASSWORD, "off"),
    FieldKind.PASSWORD: (TextSelectorType.PASSWORD, "current-password"),
}
_SECRET: Callable[[str], object] = getattr(probatio, "Secret", str)
"""Keeps the value of a field out of the errors of validation, where that is known.

The first probatio that Home Assistant used did not.
"""

_MAX_CHECKBOXES = 12
"""More choices than this are shown as a searchable dropdown."""

_SELECTED = frozenset({FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.TEXTS})
_STRIPPED = frozenset({FieldKind.URL, FieldKind.TEXT, FieldKind.EMAIL, FieldKind.KEY})


def fields_schema(fields: Iterable[Field], offers: Offers | None = None) -> vol.Schema:
    """Return the form of fields, with their sections collapsed."""
    offers = offers or {}
    schema: dict[vol.Marker, object] = {}
    sections: dict[str, dict[vol.Marker, object]] = {}
    for field in fields:
        place = sections.setdefault(field.section, {}) if field.section else schema
        place[_marker(field)] = _selector(field, offers.get(field.name, {}))
    for name, inner in sections.items():
        schema[vol.Required(name)] = section(vol.Schema(inner), {"collapsed": True})
    return vol.Schema(schema)


def _options(labels: Mapping[str, str]) -> list[SelectOptionDict]:
    """Return the options of a selector, by value and label."""
    return [
        SelectOptionDict(value=value, label=label) for value, label in labels.items()
    ]


def choice_selector(labels: Mapping[str, str]) -> SelectSelector:
    """Return the selector of one choice, by value and label."""
    return SelectSelector(
        SelectSelectorConfig(
            options=_options(labels),
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def choices_selector(labels: Mapping[str, str]) -> SelectSelector:
    """Return the selector of any number of choices, by value and label."""
    return SelectSelector(
        SelectSelectorConfig(
            options=_options(labels),
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN
            if len(labels) > _MAX_CHECKBOXES
            else SelectSelectorMode.LIST,
        )
    )


def named_selector(
    names: str, choices: Iterable[str], *, is_multiple: bool = False
) -> SelectSelector:
    """Return the selector of choices that have a text in each language."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[*dict.fromkeys(map(str, choices))],
            translation_key=names,
            multiple=is_multiple,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def number_selector() -> NumberSelector:
    """Return the selector of a number, which may have any number of decimals."""
    return NumberSelector(NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any"))


def _marker(field: Field) -> vol.Marker:
    """Return the name and default of a field in a form."""
    default = vol.UNDEFINED if field.default is None else field.default
    marker = vol.Required if field.required else vol.Optional
    name = _SECRET(field.name) if field.is_secret else field.name
    return marker(name, default=default)


def _selector(
    field: Field, offer: Mapping[str, str]
) -> BooleanSelector | SelectSelector | TextSelector:
    """Return the selector of a field; `offer` has the labels of its choices."""
    if field.kind is FieldKind.BOOLEAN:
        return BooleanSelector()
    if field.kind in _SELECTED:
        return SelectSelector(_select_config(field, offer))
    text_type, autocomplete = _TEXT_TYPES[field.kind]
    config = TextSelectorConfig(type=text_type)
    if autocomplete is not None:
        config["autocomplete"] = autocomplete
    return TextSelector(config)


def _select_config(field: Field, offer: Mapping[str, str]) -> SelectSelectorConfig:
    """Return the configuration of a select selector."""
    if field.kind is FieldKind.CHOICE:
        return SelectSelectorConfig(
            options=list(field.choices),
            translation_key=field.name,
            mode=SelectSelectorMode.DROPDOWN,
        )
    # Stored choices stay valid, even if the server no longer has them.
    chosen = field.default if isinstance(field.default, list) else []
    labels = {**{value: value for value in chosen}, **offer}
    return SelectSelectorConfig(
        options=[SelectOptionDict(value=v, label=label) for v, label in labels.items()],
        multiple=True,
        custom_value=field.kind is FieldKind.TEXTS,
        mode=SelectSelectorMode.DROPDOWN,
    )


def suggested_values(fields: Iterable[Field], values: Mapping[str, Any]) -> FormData:
    """Return stored values in the structure of the form, without secrets."""
    nested: FormData = {}
    for field in fields:
        if field.name in values and not field.is_secret:
            place = nested.setdefault(field.section, {}) if field.section else nested
            place[field.name] = values[field.name]
    return nested


def read_values(
    spec: BackendSpec,
    user_input: FormData,
    stored: Mapping[str, Setting] | None = None,
) -> Values:
    """Return the normalized values of a submitted form; raises InvalidUrlError.

    Optional secrets that are left empty keep their `stored` value, because forms never
    show secrets.
    """
    values: Values = {}
    for field in spec.fields:
        place = user_input.get(field.section, {}) if field.section else user_input
        value = place.get(field.name, field.default)
        if field.is_secret and not field.required and not value:
            value = (stored or {}).get(field.name)
        if value is None:
            continue
        if field.kind in _STRIPPED:
            value = str(value).strip()
        if field.kind is FieldKind.URL:
            value = normalize_url(
                value,
                default_scheme=spec.default_scheme,
                page_segments=spec.page_segments,
            )
        values[field.name] = value
    return values
