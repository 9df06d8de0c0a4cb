"""Forms made from what backends declare."""

from collections.abc import Iterable, Mapping
from typing import Any

import voluptuous as vol

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
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
"""What a form was filled with; Home Assistant types it no closer."""

type Values = dict[str, Setting]

_TEXT_TYPES: Mapping[FieldKind, tuple[TextSelectorType, str | None]] = {
    FieldKind.URL: (TextSelectorType.URL, "url"),
    FieldKind.TEXT: (TextSelectorType.TEXT, None),
    FieldKind.EMAIL: (TextSelectorType.EMAIL, "username"),
    FieldKind.KEY: (TextSelectorType.PASSWORD, "off"),
    FieldKind.PASSWORD: (TextSelectorType.PASSWORD, "current-password"),
}
_SELECTED = frozenset({FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.TEXTS})
_STRIPPED = frozenset({FieldKind.URL, FieldKind.TEXT, FieldKind.EMAIL, FieldKind.KEY})


type Offers = Mapping[str, Mapping[str, str]]
"""What fields of kind CHOICES offer: by field name, labels by value."""


def fields_schema(fields: Iterable[Field], offers: Offers | None = None) -> vol.Schema:
    """Return the form for some fields, the rarely needed ones in closed sections."""
    offers = offers or {}
    schema: dict[vol.Marker, object] = {}
    sections: dict[str, dict[vol.Marker, object]] = {}
    for field in fields:
        place = sections.setdefault(field.section, {}) if field.section else schema
        place[_marker(field)] = _selector(field, offers.get(field.name, {}))
    for name, inner in sections.items():
        schema[vol.Required(name)] = section(vol.Schema(inner), {"collapsed": True})
    return vol.Schema(schema)


def _marker(field: Field) -> vol.Marker:
    default = vol.UNDEFINED if field.default is None else field.default
    marker = vol.Required if field.required else vol.Optional
    return marker(field.name, default=default)


def _selector(
    field: Field, offer: Mapping[str, str]
) -> BooleanSelector | SelectSelector | TextSelector:
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
    if field.kind is FieldKind.CHOICE:
        return SelectSelectorConfig(
            options=list(field.choices),
            translation_key=field.name,
            mode=SelectSelectorMode.DROPDOWN,
        )
    # What was chosen before stays valid, even if the server has lost it since.
    chosen = field.default if isinstance(field.default, list) else []
    labels = {**{value: value for value in chosen}, **offer}
    return SelectSelectorConfig(
        options=[SelectOptionDict(value=v, label=label) for v, label in labels.items()],
        multiple=True,
        custom_value=field.kind is FieldKind.TEXTS,
        mode=SelectSelectorMode.DROPDOWN,
    )


def suggested_values(fields: Iterable[Field], values: Mapping[str, Any]) -> FormData:
    """Return stored values in the shape of the form, without the secrets."""
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
    """Return a filled form as flat, tidy values; raises InvalidUrlError.

    An optional secret that was left empty keeps its `stored` value: forms never show
    secrets, so that it looks the same whether there is one or not.
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
