"""Config flow of the Metering Hub integration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import override

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_NAME, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo

from .backends import BACKENDS
from .backends.base import (
    Backend,
    BackendSpec,
    Capability,
    Identity,
    Memory,
    Setting,
    Settings,
)
from .backends.common.bounds import CONNECT_LIMIT, time_limit
from .backends.errors import BackendError
from .const import CONF_BACKEND, DOMAIN
from .errors import StoppingError
from .errors.stopping import ended_at_stop
from .flow.connection import make_backend
from .flow.data_quality import data_quality_schema, with_data_quality
from .flow.discovery import Discovery
from .flow.form_errors import STOPPED, FormErrors, form_placeholders
from .flow.forms import FormData, Values, fields_schema, read_values, suggested_values
from .flow.found_server import FoundServer, async_find, async_hand_over
from .flow.offers import (
    async_withdraw_offer,
    is_offered,
    is_set_up,
    offer_id,
    spec_of_topic,
)
from .flow.own_currency import own_currency_schema
from .flow.selection import setup_settings
from .flow.selection_form import (
    device_names,
    name_field,
    read_selection,
    selection_errors,
    selection_schema,
)
from .flow.titles import default_title, renewed_title
from .identifiers import entry_unique_id
from .metering.inventory import Inventory
from .metering.meter_roles import meter_choices
from .metering.point_settings import with_settings_of
from .prices.stored import SUBENTRY_TYPE
from .questions.offered_inventory import async_offered_inventory
from .questions.older_history import OlderHistoryFlow
from .questions.tariff_flow import TariffFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The options of a submitted selection form, or its errors.

    `learned` is the memory of the backend. `found` is what the server has if the
    backend's own fields are followed, or `None` if there are none.
    """

    options: FormData = field(default_factory=dict)
    errors: FormErrors = field(default_factory=FormErrors)
    learned: Memory
    found: FoundServer | None = None


async def async_read_selection(
    hass: HomeAssistant,
    spec: BackendSpec,
    data: Settings,
    user_input: FormData,
    inventory: Inventory,
    learned: Memory,
) -> Submitted:
    """Read a submitted selection form.

    The backend's own fields are checked on the server, because they may add devices.
    What was `learned` before is not requested again.
    """
    if not any(setup_settings(spec, user_input).values()):
        options = read_selection(user_input, inventory, inventory)
        return Submitted(options=options, learned=learned)
    backend = make_backend(hass, spec, data, user_input)
    backend.restore(learned)
    try:
        async with ended_at_stop(hass):
            async with time_limit(CONNECT_LIMIT, "the login"):
                identity = await backend.connect()
            if errors := await backend.check_setup():
                return Submitted(errors=FormErrors(dict(errors)), learned=learned)
            checked = {**user_input, **backend.checked_setup()}
            if checked != user_input:
                # From now on, the server is asked for what was looked up.
                learned, user_input = backend.remember(), checked
                backend = make_backend(hass, spec, data, user_input)
                backend.restore(learned)
            found = await async_find(backend, identity)
    except BackendError as err:
        return Submitted(errors=FormErrors.of(err, spec), learned=learned)
    except StoppingError:
        return Submitted(errors=STOPPED, learned=learned)
    options = read_selection(user_input, inventory, found.inventory)
    return Submitted(options=options, learned=backend.remember(), found=found)


class MeteringHubConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle the setup, reauthentication and reconfiguration of a server."""

    VERSION = 1
    MINOR_VERSION = 3

    _spec: BackendSpec
    _values: Values
    _identity: Identity
    _backend: Backend
    _found: FoundServer
    _learned: Memory
    _discovery: Discovery | None = None
    _discovered_for: FormData

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> MeteringHubOptionsFlow:
        """Return the options flow."""
        return MeteringHubOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the flow of tariffs, where there is a history that can have prices."""
        spec = BACKENDS[config_entry.data[CONF_BACKEND]]
        has_history = Capability.HISTORY in spec.capabilities
        return {SUBENTRY_TYPE: TariffFlow} if has_history else {}

    @override
    async def async_step_user(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Show the menu of backends."""
        return self.async_show_menu(step_id="user", menu_options=list(BACKENDS))

    @override
    async def async_step_mqtt(
        self, discovery_info: MqttServiceInfo
    ) -> ConfigFlowResult:
        """Offer the backend that has sent something over MQTT, unless it is known."""
        spec = spec_of_topic(discovery_info.subscribed_topic)
        if is_set_up(self.hass, spec):
            return self.async_abort(reason="already_configured")
        if is_offered(self.hass, spec, self.flow_id):
            return self.async_abort(reason="already_in_progress")
        await self.async_set_unique_id(offer_id(spec))
        self._abort_if_unique_id_configured()
        self.context["title_placeholders"] = {"name": spec.name}
        return await self._async_step_connect(spec.key, None)

    async def async_step_besmart(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for a besmart account."""
        return await self._async_step_connect("besmart", user_input)

    async def async_step_bemserver(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for the address and account of a BEMServer."""
        return await self._async_step_connect("bemserver", user_input)

    async def async_step_dsmr_reader(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for the address and API key of a DSMR-reader."""
        return await self._async_step_connect("dsmr_reader", user_input)

    async def async_step_milesight(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for the address and account of a Beaver IoT server."""
        return await self._async_step_connect("milesight", user_input)

    async def _async_step_connect(
        self, backend: str, user_input: FormData | None
    ) -> ConfigFlowResult:
        """Ask for the address and credentials of a server, and check them."""
        self._spec = BACKENDS[backend]
        errors = FormErrors()
        if user_input is not None:
            errors = await self._async_try(user_input)
            if not errors.fields:
                await self._async_abort_if_configured()
                return await self._async_discover(user_input)
        elif self._discovery is not None:
            user_input, errors = self._discovered_for, self._discovery_errors
        return self._show_connection_form(backend, user_input, errors)

    async def _async_discover(self, user_input: FormData) -> ConfigFlowResult:
        """Find the devices of the server, and show the progress if that takes long."""
        self._discovered_for = user_input
        self._discovery = Discovery(
            self.hass, self._backend, self._identity, self.async_update_progress
        )
        await self._discovery.wait_shortly()
        if not self._discovery.task.done():
            return await self.async_step_discover()
        if self._discovery_errors.fields:
            return await self._async_step_connect(self._spec.key, None)
        return await self.async_step_selection()

    async def async_step_discover(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Show the progress of a search for devices that takes long."""
        discovery = self._discovery
        if discovery is not None and not discovery.task.done():
            return self.async_show_progress(
                step_id="discover",
                progress_action="discover",
                description_placeholders={"backend": self._spec.name},
                progress_task=discovery.task,
            )
        step_id = self._spec.key if self._discovery_errors.fields else "selection"
        return self.async_show_progress_done(next_step_id=step_id)

    @property
    def _discovery_errors(self) -> FormErrors:
        """Return why no devices could be looked for."""
        discovery = self._discovery
        if discovery is not None and discovery.found is not None:
            return FormErrors()
        error = discovery.error if discovery is not None else None
        return FormErrors.of(error or BackendError(), self._spec)

    @callback
    @override
    def async_remove(self) -> None:
        """Stop looking for devices when the flow ends."""
        if self._discovery is not None:
            self._discovery.task.cancel()

    async def async_step_selection(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask which devices to add."""
        if self._discovery is not None and self._discovery.found is not None:
            self._found = self._discovery.found
            self._learned = self._found.backend.remember()
            self._discovery = None
        errors = FormErrors(selection_errors(user_input))
        if user_input is not None and not errors.fields:
            chosen = dict(user_input)
            name = str(chosen.pop(CONF_NAME, "")).strip()
            submitted = await async_read_selection(
                self.hass,
                self._spec,
                self._values,
                chosen,
                self._found.inventory,
                self._learned,
            )
            self._learned, errors = submitted.learned, submitted.errors
            if not errors.fields:
                return self._finish(name or self._default_title, submitted)
        names = await device_names(self.hass, self._found.inventory)
        schema = selection_schema(self._spec, self._found.inventory, names, {})
        schema = vol.Schema({**name_field(self._default_title), **schema.schema})
        return self.async_show_form(
            step_id="selection",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors.fields,
            description_placeholders={
                **form_placeholders(self._spec),
                **errors.placeholders,
                "count": str(len(names)),
            },
        )

    def _finish(self, title: str, submitted: Submitted) -> ConfigFlowResult:
        """Create the entry, which takes over what was found on its server."""
        if self.unique_id is not None:
            found = submitted.found or self._found
            async_hand_over(self.hass, self.unique_id, found)
        async_withdraw_offer(self.hass, self._spec)
        return self.async_create_entry(
            title=title,
            data={CONF_BACKEND: self._spec.key, **self._values},
            options=submitted.options,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, object]
    ) -> ConfigFlowResult:
        """Start a reauthentication after the server rejected the credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for new credentials."""
        entry = self._get_reauth_entry()
        return await self._async_step_update("reauth_confirm", entry, user_input)

    async def async_step_reconfigure(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for another address or new credentials."""
        entry = self._get_reconfigure_entry()
        return await self._async_step_update("reconfigure", entry, user_input)

    async def _async_step_update(
        self, step_id: str, entry: ConfigEntry, user_input: FormData | None
    ) -> ConfigFlowResult:
        """Update the address and credentials of an entry for the same server."""
        self._spec = BACKENDS[entry.data[CONF_BACKEND]]
        errors = FormErrors()
        if user_input is not None:
            errors = await self._async_try(user_input, entry.data)
            if not errors.fields:
                await self._async_abort_if_mismatch(entry)
                return self.async_update_reload_and_abort(
                    entry,
                    title=renewed_title(self.hass, self._spec, entry, self._values),
                    data_updates=self._values,
                )
        suggested = user_input or suggested_values(self._spec.fields, entry.data)
        return self._show_connection_form(step_id, suggested, errors, entry.title)

    def _show_connection_form(
        self,
        step_id: str,
        suggested: FormData | None,
        errors: FormErrors,
        title: str | None = None,
    ) -> ConfigFlowResult:
        """Show the form for the address and credentials of a server.

        One that is set up has a title, by which the user tells it from others.
        """
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                fields_schema(self._spec.fields), suggested
            ),
            errors=errors.fields,
            description_placeholders={
                **form_placeholders(self._spec),
                **errors.placeholders,
                **({"backend": title} if title else {}),
            },
        )

    @property
    def _default_title(self) -> str:
        """Return the title that is suggested for the server."""
        return default_title(self.hass, self._spec, self._values, self._found.inventory)

    async def _async_try(
        self, user_input: FormData, stored: Mapping[str, Setting] | None = None
    ) -> FormErrors:
        """Log in with the submitted values; return the errors to show.

        Optional secrets that are left empty keep their `stored` value, which only a
        server has that was set up before.
        """
        try:
            self._values = read_values(self._spec, user_input, stored)
            self._backend = make_backend(self.hass, self._spec, self._values, {})
            async with (
                ended_at_stop(self.hass),
                time_limit(CONNECT_LIMIT, "the login"),
            ):
                self._identity = await self._backend.connect()
        except BackendError as err:
            return FormErrors.of(err, self._spec)
        except StoppingError:
            return STOPPED
        return FormErrors()

    async def _async_abort_if_configured(self) -> None:
        """Abort if there is already an entry for the server or its address."""
        unique_id = self._identity.unique_id and self._unique_id()
        await self.async_set_unique_id(unique_id)
        self._abort_if_unique_id_configured()
        self._async_abort_entries_match(
            {
                CONF_BACKEND: self._spec.key,
                **{
                    field.name: self._values[field.name]
                    for field in self._spec.fields
                    if field.identifies and field.name in self._values
                },
            }
        )

    async def _async_abort_if_mismatch(self, entry: ConfigEntry) -> None:
        """Abort if the credentials belong to another server or account."""
        if self._is_moved(entry):
            return
        if self._identity.unique_id is not None and entry.unique_id is not None:
            await self.async_set_unique_id(self._unique_id())
            self._abort_if_unique_id_mismatch(reason="unique_id_mismatch")

    def _unique_id(self) -> str:
        """Return the unique ID of the entry."""
        return entry_unique_id(self._spec.key, str(self._identity.unique_id))

    def _is_moved(self, entry: ConfigEntry) -> bool:
        """Return True if a server without an identity got another address.

        Then its identity includes the address, which is what the user changes.
        """
        identify = self._spec.identify
        if identify is None:
            return False
        at_old_address = {**self._values, CONF_URL: entry.data[CONF_URL]}
        return identify(at_old_address) == identify(entry.data)


class MeteringHubOptionsFlow(OlderHistoryFlow):
    """Handle the options of an entry, whether it is loaded or not."""

    async def async_step_init(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Show the menu of what can be changed."""
        self._inventory = await async_offered_inventory(self.hass, self.config_entry)
        return self.async_show_menu(
            step_id="init",
            menu_options=[
                *("selection", "points", "data_quality"),
                *(("older_history",) if self._history is not None else ()),
                *(("prices",) if self._has_foreign_prices else ()),
                *(("device_settings",) if self._has_settings else ()),
            ],
        )

    async def async_step_selection(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask which devices to add, with the current selection as default."""
        entry, inventory = self.config_entry, self._inventory
        spec = BACKENDS[entry.data[CONF_BACKEND]]
        errors = FormErrors(selection_errors(user_input))
        if user_input is not None and not errors.fields:
            options, errors = await self._async_read_selection(spec, user_input)
            if not errors.fields:
                return self.async_create_entry(
                    data=with_settings_of(entry.options, options)
                )
        names = await device_names(self.hass, inventory.found)
        schema = selection_schema(spec, inventory.found, names, entry.options)
        return self.async_show_form(
            step_id="selection",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors.fields,
            description_placeholders={
                **form_placeholders(spec),
                **errors.placeholders,
                "count": str(len(names)),
            },
        )

    async def _async_read_selection(
        self, spec: BackendSpec, user_input: FormData
    ) -> tuple[FormData, FormErrors]:
        """Return the options of a submitted form, and its errors.

        A server that does not answer keeps nobody from changing the selection, as long
        as there is nothing to ask it.
        """
        entry, inventory = self.config_entry, self._inventory
        before, after = (
            setup_settings(spec, each) for each in (entry.options, user_input)
        )
        if entry.state is not ConfigEntryState.LOADED and before == after:
            found = inventory.found
            options = read_selection(user_input, found, found)
            # The form has no fields for what is known only with the server's points.
            kept = {} if inventory.is_complete else meter_choices(entry.options)
            return {**kept, **options}, FormErrors()
        submitted = await async_read_selection(
            self.hass,
            spec,
            entry.data,
            user_input,
            inventory.found,
            inventory.learned,
        )
        return submitted.options, submitted.errors

    @property
    def _has_foreign_prices(self) -> bool:
        """Return True if the server's prices are not in Home Assistant's currency."""
        spec = BACKENDS[self.config_entry.data[CONF_BACKEND]]
        is_foreign = spec.currency != self.hass.config.currency
        return is_foreign and Capability.PRICES in spec.capabilities

    async def async_step_prices(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask whether the server's prices are in Home Assistant's currency."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data={**options, **user_input})
        return self.async_show_form(
            step_id="prices",
            data_schema=own_currency_schema(options),
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def async_step_data_quality(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask how gaps are estimated, and which warnings are wanted."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data=with_data_quality(options, user_input))
        return self.async_show_form(
            step_id="data_quality", data_schema=data_quality_schema(options)
        )
