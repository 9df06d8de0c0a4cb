"""The forms in which the user sets values that are written together."""

from collections.abc import Mapping

import voluptuous as vol

from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..metering.inventory import SettingField, SettingGroup
from ..metering.model import Kind, Reading, Value
from ..metering.setting_values import OFF, ON, SettingProblem, read_setting
from .forms import FormData, choice_selector

CONF_DEVICE = "device"
CONF_GROUP = "group"

FLAG_NAMES = "setting_flag"


def device_schema(names: Mapping[str, str]) -> vol.Schema:
    """Return the form in which the user selects a device, by key and name."""
    return vol.Schema({vol.Required(CONF_DEVICE): choice_selector(names)})


def group_schema(names: Mapping[str, str]) -> vol.Schema:
    """Return the form in which the user selects a group, by key and name."""
    return vol.Schema({vol.Required(CONF_GROUP): choice_selector(names)})


def values_schema(group: SettingGroup) -> vol.Schema:
    """Return the form of a group, whose fields have the names of the server.

    Nothing has a default, so nobody sends a value without having seen it.
    """
    return vol.Schema(
        {
            (vol.Required if field.is_required else vol.Optional)(
                field.name
            ): _selector(field)
            for field in group.fields
        }
    )


def suggestions(group: SettingGroup, readings: Mapping[str, Reading]) -> FormData:
    """Return the last known values of a group, except secrets, as a form has them."""
    return {
        field.name: _as_form_value(reading.value)
        for field in group.fields
        if (reading := readings.get(field.key)) is not None and not field.is_secret
    }


def without_secrets(group: SettingGroup, user_input: FormData) -> FormData:
    """Return a submitted form without secrets, which are never sent back."""
    secrets = {field.name for field in group.fields if field.is_secret}
    return {name: value for name, value in user_input.items() if name not in secrets}


def read_form(
    group: SettingGroup, user_input: FormData
) -> tuple[dict[str, Value], dict[str, str]]:
    """Return the values of a submitted form by the keys of its fields, and errors."""
    values: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for field in group.fields:
        if field.name not in user_input:
            continue
        value = read_setting(field, user_input[field.name])
        if isinstance(value, SettingProblem):
            errors[field.name] = value.value
        else:
            values[field.key] = value
    return values, errors


def _as_form_value(value: Value) -> object:
    """Return a value as a form has it: a flag is one of two words."""
    if isinstance(value, bool):
        return ON if value else OFF
    return value


def _selector(field: SettingField) -> NumberSelector | SelectSelector | TextSelector:
    """Return the selector of a field."""
    if field.kind is Kind.FLAG:
        # A switch would show Off for a value that nobody knows.
        return SelectSelector(
            SelectSelectorConfig(
                options=[ON, OFF],
                translation_key=FLAG_NAMES,
                mode=SelectSelectorMode.LIST,
            )
        )
    if field.options is not None:
        return choice_selector({option: option for option in field.options})
    if field.kind is Kind.INSTANT:
        config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
        if field.limits is not None:
            config["min"], config["max"] = field.limits.lowest, field.limits.highest
        if field.unit is not None:
            config["unit_of_measurement"] = field.unit
        return NumberSelector(config)
    kind = TextSelectorType.PASSWORD if field.is_secret else TextSelectorType.TEXT
    text = TextSelectorConfig(type=kind)
    if field.is_secret:
        text["autocomplete"] = "off"
    return TextSelector(text)
