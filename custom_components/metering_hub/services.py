"""Actions of the Metering Hub integration."""

from dataclasses import dataclass

import voluptuous as vol

from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers.service import async_register_admin_service

from .actions.call import ENTRY, Run, until_stop
from .actions.costs import COSTS_SCHEMA, get_costs
from .actions.dashboard import add_to_energy_dashboard, restore_energy_dashboard
from .actions.energy_breakdown import BREAKDOWN_SCHEMA, get_energy_breakdown
from .actions.gaps import GAPS_SCHEMA, get_gaps
from .actions.history import (
    CLEAR_SCHEMA,
    GET_SCHEMA,
    IMPORT_SCHEMA,
    clear_history,
    get_history,
    import_history,
)
from .actions.rights import (
    ADMINS,
    CONTROL_WRITTEN,
    READ_DEVICE,
    READ_ENTITIES,
    READ_METERS,
    READ_POINT,
    EntityRight,
)
from .actions.sending import (
    READINGS_SCHEMA,
    TELEGRAM_SCHEMA,
    send_readings,
    send_telegram,
)
from .actions.server_data import DATA_SCHEMA, get_server_data
from .actions.set_values import SET_VALUES_SCHEMA, set_values
from .actions.upload import UPLOAD_SCHEMA, upload_timeseries
from .const import DOMAIN

_ENTRY_SCHEMA = vol.Schema(ENTRY)


@dataclass(frozen=True, slots=True)
class _Action:
    """An action: what it does, which fields it has, and who may call it.

    `right` is that to the entities which a call is about, or `ADMINS`.
    """

    name: str
    run: Run
    schema: vol.Schema
    right: EntityRight | None
    response: SupportsResponse = SupportsResponse.OPTIONAL


_NONE, _ONLY = SupportsResponse.NONE, SupportsResponse.ONLY
_ACTIONS = (
    _Action("get_history", get_history, GET_SCHEMA, READ_POINT, _ONLY),
    _Action("get_server_data", get_server_data, DATA_SCHEMA, READ_POINT, _ONLY),
    _Action("get_costs", get_costs, COSTS_SCHEMA, READ_METERS, _ONLY),
    _Action("get_gaps", get_gaps, GAPS_SCHEMA, READ_ENTITIES, _ONLY),
    _Action(
        "get_energy_breakdown",
        get_energy_breakdown,
        BREAKDOWN_SCHEMA,
        READ_DEVICE,
        _ONLY,
    ),
    _Action("set_values", set_values, SET_VALUES_SCHEMA, CONTROL_WRITTEN, _NONE),
    _Action("import_history", import_history, IMPORT_SCHEMA, ADMINS),
    _Action("clear_history", clear_history, CLEAR_SCHEMA, ADMINS),
    _Action("add_to_energy_dashboard", add_to_energy_dashboard, _ENTRY_SCHEMA, ADMINS),
    _Action(
        "restore_energy_dashboard", restore_energy_dashboard, _ENTRY_SCHEMA, ADMINS
    ),
    _Action("send_telegram", send_telegram, TELEGRAM_SCHEMA, ADMINS),
    _Action("send_readings", send_readings, READINGS_SCHEMA, ADMINS),
    _Action("upload_timeseries", upload_timeseries, UPLOAD_SCHEMA, ADMINS),
)


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    for action in _ACTIONS:
        run = until_stop(action.run)
        if action.right is None:
            async_register_admin_service(
                hass, DOMAIN, action.name, run, action.schema, action.response
            )
            continue
        hass.services.async_register(
            DOMAIN,
            action.name,
            action.right.guarded(run),
            schema=action.schema,
            supports_response=action.response,
        )
