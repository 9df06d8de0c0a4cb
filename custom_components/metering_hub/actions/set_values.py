"""The action that sets values that a server takes only together."""

from collections.abc import Iterable, Mapping

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er

from ..const import DOMAIN
from ..control import async_send_group
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated
from ..identifiers import point_key_of
from ..metering.inventory import SettingField, SettingGroup
from ..metering.model import Value
from ..metering.setting_values import (
    SettingProblem,
    find_field,
    missing_fields,
    read_setting,
)
from .call import device_of, entry_of, invalid

ATTR_GROUP = "group"
ATTR_VALUES = "values"

SET_VALUES_SCHEMA = vol.Schema(
    {
        vol.Exclusive(ATTR_ENTITY_ID, "target"): cv.entity_id,
        vol.Exclusive(ATTR_DEVICE_ID, "target"): cv.string,
        vol.Optional(ATTR_GROUP): cv.string,
        vol.Required(ATTR_VALUES): vol.All(
            {cv.string: vol.Any(bool, int, float, str)}, vol.Length(min=1)
        ),
    }
)


async def set_values(call: ServiceCall) -> ServiceResponse:
    """Set values of a group in one request."""
    entry, group = _group_of(call)
    values = _read_values(group, call.data[ATTR_VALUES])
    if missing := missing_fields(group, values):
        names = ", ".join(field.name for field in missing)
        raise invalid("incomplete_group", reason=names)
    with errors_translated():
        await async_send_group(call.hass, entry, group, values)
    return None


def written_points(call: ServiceCall) -> tuple[MeteringHubConfigEntry, list[str]]:
    """Return the loaded entry and the keys of what a call writes, without unknown ones.

    Raises ServiceValidationError.
    """
    entry, group = _group_of(call)
    fields = (find_field(group, name) for name in call.data[ATTR_VALUES])
    return entry, [field.key for field in fields if field is not None]


def _group_of(call: ServiceCall) -> tuple[MeteringHubConfigEntry, SettingGroup]:
    """Return the entry and the group that a call is about.

    Raises ServiceValidationError.
    """
    if (entity_id := call.data.get(ATTR_ENTITY_ID)) is not None:
        return _group_of_entity(call, entity_id)
    if (device_id := call.data.get(ATTR_DEVICE_ID)) is None:
        raise invalid("entity_or_device")
    if (found := device_of(call, device_id)) is None:
        raise invalid("no_settings")
    entry, device_key = entry_of(call, found[0].entry_id), found[1]
    groups = [
        group
        for group in entry.runtime_data.inventory.data.groups.values()
        if group.device_key == device_key
    ]
    if not groups:
        raise invalid("no_settings")
    return entry, _named_group(groups, call.data.get(ATTR_GROUP, ""))


def _group_of_entity(
    call: ServiceCall, entity_id: str
) -> tuple[MeteringHubConfigEntry, SettingGroup]:
    """Return the entry of an entity and its group; raises ServiceValidationError."""
    entity = er.async_get(call.hass).async_get(entity_id)
    if entity is None or entity.platform != DOMAIN or entity.config_entry_id is None:
        raise invalid("no_settings")
    entry = entry_of(call, entity.config_entry_id)
    inventory = entry.runtime_data.inventory.data
    point = inventory.points.get(point_key_of(entry, entity.unique_id))
    group = inventory.groups.get(point.group) if point and point.group else None
    if group is None:
        raise invalid("no_settings")
    return entry, group


def _named_group(groups: Iterable[SettingGroup], name: str) -> SettingGroup:
    """Return the group with a key or name; raises ServiceValidationError."""
    known = list(groups)
    for group in known:
        if name == group.key or name.casefold() == group.name.casefold():
            return group
    names = ", ".join(sorted(group.name for group in known))
    raise invalid("unknown_group", groups=names)


def _read_values(group: SettingGroup, given: Mapping[str, object]) -> dict[str, Value]:
    """Return the values of a call by the keys of the fields.

    Raises ServiceValidationError, which never contains a value.
    """
    values: dict[str, Value] = {}
    for name, raw in given.items():
        if (field := find_field(group, name)) is None:
            names = ", ".join(each.name for each in group.fields)
            raise invalid("unknown_setting", setting=name, settings=names)
        value = read_setting(field, raw)
        if isinstance(value, SettingProblem):
            raise _refusal(field, value)
        values[field.key] = value
    return values


def _refusal(field: SettingField, problem: SettingProblem) -> ServiceValidationError:
    """Return the error for a value that a field cannot have."""
    name, limits, text = field.name, field.limits, field.text
    match problem:
        case SettingProblem.OUT_OF_RANGE if limits is not None:
            lowest, highest = f"{limits.lowest:g}", f"{limits.highest:g}"
            return invalid(
                "setting_out_of_range", setting=name, lowest=lowest, highest=highest
            )
        case SettingProblem.WRONG_LENGTH if text is not None:
            lowest, highest = str(text.shortest), str(text.longest)
            return invalid(
                "setting_wrong_length", setting=name, lowest=lowest, highest=highest
            )
        case SettingProblem.NO_OPTION:
            options = ", ".join(field.options or ())
            return invalid("setting_no_option", setting=name, options=options)
        case SettingProblem.NO_FLAG:
            return invalid("setting_no_flag", setting=name)
        case SettingProblem.NO_NUMBER:
            return invalid("setting_no_number", setting=name)
    return invalid("setting_no_text", setting=name)
