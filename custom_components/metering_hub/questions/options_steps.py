"""The steps of the options flow in which the user says what points are."""

from collections.abc import Mapping

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)

from ..backends import BACKENDS
from ..backends.base import Capability
from ..const import CONF_BACKEND
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated
from ..flow.forms import FormData
from ..flow.point_settings import (
    CONF_POINT,
    choices_errors,
    choices_schema,
    is_part_of_sum,
    point_names,
    points_schema,
    read_choices,
    register_names,
)
from ..history.recorder.recorded_hours import Extent
from ..metering.model import Point
from ..metering.point_settings import (
    CONF_TRUSTED,
    PointSettings,
    with_present_keys,
    with_settings,
    with_trusted,
)
from ..registry.names import full_name
from .affected_history import async_affected_history, async_clear_history
from .offered_inventory import OfferedInventory
from .open_questions import kind_of_rows
from .words import Words


class PointsFlow(OptionsFlowWithReload):
    """The steps about single points; `_point` is the one that they are about."""

    config_entry: MeteringHubConfigEntry
    _inventory: OfferedInventory
    _point: Point
    _options: Mapping[str, object]
    """The options as they are after what was submitted until now."""

    async def async_step_points(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask which registers are trusted, and of which point there is more to say."""
        entry, points = self.config_entry, self._inventory.data.points
        names = point_names(self.hass, entry, points.values())
        if not names:
            return self.async_abort(reason="no_points")
        registers = register_names(points, names)
        options = with_present_keys(entry.options, points.values())
        if user_input is None:
            return self.async_show_form(
                step_id="points", data_schema=points_schema(registers, names, options)
            )
        trusted = user_input.get(CONF_TRUSTED, ())
        self._options = with_trusted(options, registers, trusted)
        if (key := user_input.get(CONF_POINT)) is None:
            return self.async_create_entry(data=self._options)
        self._point = points[key]
        return await self.async_step_point()

    async def async_step_point(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask what a point is, where the backend does not know or is wrong."""
        entry, point, inventory = self.config_entry, self._point, self._inventory
        before = PointSettings.of_point(entry.options, point)
        errors: dict[str, str] = {}
        if user_input is not None:
            settings = read_choices(user_input, self._settings)
            errors = choices_errors(point, settings)
            if not errors:
                self._options = with_settings(self._options, point, settings)
                return await self._async_confirm(before, settings)
        spec = BACKENDS[entry.data[CONF_BACKEND]]
        schema = choices_schema(
            point,
            self._settings,
            has_kind=Capability.KINDS in spec.capabilities,
            has_factor=not is_part_of_sum(point, inventory.data.points.values()),
        )
        words = await Words.async_load(self.hass)
        question = inventory.data.questions.get(point.key)
        return self.async_show_form(
            step_id="point",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={
                "point": full_name(self.hass, entry, point),
                "kind": words.kind(point.kind),
                "unit": point.unit or "-",
                "week": words.week(question, point) if question else "",
            },
        )

    @property
    def _settings(self) -> PointSettings:
        """Return the settings of the point as they were submitted until now."""
        return PointSettings.of_point(self._options, self._point)

    async def _async_confirm(
        self, before: PointSettings, chosen: PointSettings
    ) -> ConfigFlowResult:
        """Save the settings, or ask first if that means that history is deleted.

        Of an entry that is not loaded, a repair issue asks as soon as it is.
        """
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_create_entry(data=self._options)
        known = {
            before.kind,
            self._point.kind,
            kind_of_rows(self.config_entry, self._point),
        }
        if chosen.kind not in known and await self._async_affected():
            return await self.async_step_change_kind()
        return self.async_create_entry(data=self._options)

    async def _async_affected(self) -> Mapping[str, Extent]:
        """Return what is recorded of the point."""
        with errors_translated():
            return await async_affected_history(
                self.hass, self.config_entry, self._point
            )

    async def async_step_change_kind(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Show what is deleted if the kind of the point is changed."""
        words = await Words.async_load(self.hass)
        return self.async_show_menu(
            step_id="change_kind",
            menu_options=["change", "change_with_copy", "point"],
            description_placeholders={
                "point": full_name(self.hass, self.config_entry, self._point),
                "recorded": words.recorded(await self._async_affected()),
            },
        )

    async def async_step_change(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Delete the history of the point, and save its settings."""
        return await self._async_change(has_copy=False)

    async def async_step_change_with_copy(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Do the same after a copy of the history was made."""
        return await self._async_change(has_copy=True)

    async def _async_change(self, *, has_copy: bool) -> ConfigFlowResult:
        """Delete the history of the point, and save its settings."""
        with errors_translated():
            await async_clear_history(
                self.hass, self.config_entry, self._point, has_copy=has_copy
            )
        return self.async_create_entry(data=self._options)
