"""The steps of the options flow in which the user sets values of devices."""

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult

from ..backends import BACKENDS
from ..backends.base import BackendSpec
from ..backends.errors import BackendError, Reason
from ..const import CONF_BACKEND
from ..control import async_send_group
from ..errors import StoppingError, error_placeholders
from ..errors.stopping import ended_at_stop
from ..flow.device_settings import (
    CONF_DEVICE,
    CONF_GROUP,
    device_schema,
    group_schema,
    read_form,
    suggestions,
    values_schema,
    without_secrets,
)
from ..flow.form_errors import STOPPED, FormErrors, form_placeholders
from ..flow.forms import FormData
from ..flow.selection_form import device_names
from ..metering.inventory import SettingGroup
from ..metering.model import Value
from .options_steps import PointsFlow

SENDING_KEYS = {
    Reason.INCOMPLETE_GROUP: "incomplete_settings",
    Reason.REJECTED: "settings_rejected",
    Reason.NOTHING_ACCEPTED: "nothing_accepted",
    Reason.IMPOSSIBLE_VALUE: "impossible_value",
    Reason.NO_LONGER_THERE: "no_longer_there",
}
"""What the form says about values that were not taken, by the reason."""


class DeviceSettingsFlow(PointsFlow):
    """The steps about groups of settings; `_group` is the one that they are about."""

    _device_key: str
    _group: SettingGroup

    async def async_step_device_settings(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for the device; one that is the only one is not asked for."""
        if not self._has_settings:
            return self.async_abort(reason="no_settings")
        names = await self._device_names()
        if user_input is not None:
            self._device_key = user_input[CONF_DEVICE]
            return await self.async_step_device_settings_group()
        return self.async_show_form(
            step_id="device_settings", data_schema=device_schema(names), last_step=False
        )

    async def async_step_device_settings_group(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for the group of settings."""
        groups = {
            key: group
            for key, group in self._inventory.data.groups.items()
            if group.device_key == self._device_key
        }
        if user_input is not None and user_input[CONF_GROUP] in groups:
            self._group = groups[user_input[CONF_GROUP]]
            return await self.async_step_device_settings_values()
        names = {key: group.name for key, group in groups.items()}
        ordered = dict(sorted(names.items(), key=lambda item: item[1].casefold()))
        return self.async_show_form(
            step_id="device_settings_group",
            data_schema=group_schema(ordered),
            last_step=False,
        )

    async def async_step_device_settings_values(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for the values of the group, and send them."""
        if not self._has_settings:
            return self.async_abort(reason="no_settings")
        errors = FormErrors()
        if user_input is None:
            shown = await self._async_known()
        else:
            values, wrong = read_form(self._group, user_input)
            errors = FormErrors(wrong) if wrong else await self._async_send(values)
            if not errors.fields:
                return self.async_abort(reason="settings_sent")
            shown = without_secrets(self._group, user_input)
        return self.async_show_form(
            step_id="device_settings_values",
            data_schema=self.add_suggested_values_to_schema(
                values_schema(self._group), shown
            ),
            errors=errors.fields,
            description_placeholders={
                **form_placeholders(self._spec),
                **errors.placeholders,
                "group": self._group.name,
            },
        )

    @property
    def _has_settings(self) -> bool:
        """Return True if values of a selected device can be written together.

        They can be sent only while the entry is loaded.
        """
        is_loaded = self.config_entry.state is ConfigEntryState.LOADED
        return is_loaded and bool(self._inventory.data.groups)

    async def _device_names(self) -> dict[str, str]:
        """Return the names of the devices that have groups, by key."""
        inventory = self._inventory
        keys = {group.device_key for group in inventory.data.groups.values()}
        names = await device_names(self.hass, inventory.data)
        return {key: name for key, name in names.items() if key in keys}

    async def _async_known(self) -> FormData:
        """Return the last known values of the group, as far as the server answers."""
        points = self._inventory.data.points
        known = [
            points[field.key] for field in self._group.fields if field.key in points
        ]
        if not known:
            return {}
        try:
            async with ended_at_stop(self.hass):
                latest = await self.config_entry.runtime_data.backend.latest(known)
        except BackendError, StoppingError:
            # The form can be filled in without them.
            return {}
        return suggestions(self._group, latest.readings)

    @property
    def _spec(self) -> BackendSpec:
        """Return the spec of the entry's backend."""
        return BACKENDS[self.config_entry.data[CONF_BACKEND]]

    async def _async_send(self, values: dict[str, Value]) -> FormErrors:
        """Send values; return the errors to show."""
        try:
            async with ended_at_stop(self.hass):
                await async_send_group(
                    self.hass, self.config_entry, self._group, values
                )
        except StoppingError:
            return STOPPED
        except BackendError as err:
            if (key := SENDING_KEYS.get(err.reason)) is not None:
                return FormErrors({"base": key}, error_placeholders(err))
            return FormErrors.of(err, self._spec)
        return FormErrors()
