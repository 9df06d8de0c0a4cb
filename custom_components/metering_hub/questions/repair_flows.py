"""The repair flows in which the user says what points are."""

from collections.abc import Mapping

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState

from ..backends import BACKENDS
from ..backends.base import Capability
from ..const import CONF_BACKEND
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated
from ..flow.forms import FormData, choice_selector
from ..history.recorder.recorded_hours import Extent
from ..metering.inventory import Inventory, KindQuestion
from ..metering.model import Kind, Point
from ..metering.point_settings import with_kind
from ..registry.names import full_name
from .affected_history import async_affected_history, async_clear_history
from .open_questions import contradicted_points, undecided_points
from .words import Words

CONF_POINT = "point"


class KindFlow(RepairsFlow):
    """A flow in which the user says the kind of a point, and what that deletes."""

    _kind: Kind
    """The kind that the point will have."""

    def __init__(self, entry: MeteringHubConfigEntry, key: str = "") -> None:
        """Initialize with the key of the point, if it is known."""
        self._entry = entry
        self._key = key

    @property
    def _is_loaded(self) -> bool:
        """Return True if the points of the entry are known."""
        return self._entry.state is ConfigEntryState.LOADED

    @property
    def _inventory(self) -> Inventory:
        """Return the inventory of the entry, which must be loaded."""
        return self._entry.runtime_data.inventory.data

    @property
    def _point(self) -> Point | None:
        """Return the point, unless the entry was unloaded or lost it meanwhile."""
        return self._inventory.points.get(self._key) if self._is_loaded else None

    async def _affected(self, point: Point) -> Mapping[str, Extent]:
        """Return what is recorded of the point."""
        with errors_translated():
            return await async_affected_history(self.hass, self._entry, point)

    async def async_step_change(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Delete the history, and import it again with the new kind."""
        return await self._change(has_copy=False)

    async def async_step_change_with_copy(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Do the same after a copy of the history was made."""
        return await self._change(has_copy=True)

    async def _change(self, *, has_copy: bool) -> RepairsFlowResult:
        """Delete the history of the point, and store its new kind."""
        if (point := self._point) is None:
            return self.async_abort(reason="not_loaded")
        with errors_translated():
            await async_clear_history(self.hass, self._entry, point, has_copy=has_copy)
        return self._save(point, self._kind)

    def _save(self, point: Point, kind: Kind) -> RepairsFlowResult:
        """Store the kind of a point, and load the entry with it."""
        self.hass.config_entries.async_update_entry(
            self._entry, options=with_kind(self._entry.options, point, kind)
        )
        self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return self.async_create_entry(data={})


class UndecidedFlow(KindFlow):
    """Asks for the kind of one of the points that are undecided."""

    async def async_step_init(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Go on with the only point, or ask for one of several."""
        if not self._is_loaded:
            return self.async_abort(reason="not_loaded")
        names = undecided_points(self.hass, self._entry, self._inventory)
        if not names:
            # They were decided since the card was made.
            return self.async_create_entry(data={})
        if len(names) > 1:
            return await self.async_step_point()
        self._key = next(iter(names))
        return await self.async_step_kind()

    async def async_step_point(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Ask for one of several points."""
        if not self._is_loaded:
            return self.async_abort(reason="not_loaded")
        if user_input is not None:
            self._key = user_input[CONF_POINT]
            return await self.async_step_kind()
        names = undecided_points(self.hass, self._entry, self._inventory)
        return self.async_show_form(
            step_id="point",
            data_schema=vol.Schema({vol.Required(CONF_POINT): choice_selector(names)}),
            description_placeholders={
                "title": self._entry.title,
                "count": str(len(names)),
            },
        )

    async def async_step_kind(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Ask what the values of the point are."""
        if (point := self._point) is None:
            return self.async_abort(reason="not_loaded")
        question = self._inventory.questions.get(point.key)
        words = await Words.async_load(self.hass)
        return self.async_show_menu(
            step_id="kind",
            menu_options=["register", "interval", "instant", "later"],
            description_placeholders={
                "point": full_name(self.hass, self._entry, point),
                "suggested": words.kind(question.suggested if question else None),
                "week": words.week(question, point),
            },
        )

    async def async_step_register(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Store that the values are positions of a meter."""
        return await self._decide(Kind.REGISTER)

    async def async_step_interval(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Store that the values are amounts per interval."""
        return await self._decide(Kind.INTERVAL)

    async def async_step_instant(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Store that the values are measured ones."""
        return await self._decide(Kind.INSTANT)

    async def async_step_later(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Leave the point undecided, and the card where it is."""
        return self.async_abort(reason="later")

    async def _decide(self, kind: Kind) -> RepairsFlowResult:
        """Store the kind of the point, or ask first if that deletes history."""
        if (point := self._point) is None:
            return self.async_abort(reason="not_loaded")
        if not await self._affected(point):
            return self._save(point, kind)
        self._kind = kind
        return await self.async_step_change_kind()

    async def async_step_change_kind(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Show what is deleted, because it was imported with another kind."""
        if (point := self._point) is None:
            return self.async_abort(reason="not_loaded")
        words = await Words.async_load(self.hass)
        return self.async_show_menu(
            step_id="change_kind",
            menu_options=["change", "change_with_copy", "later"],
            description_placeholders={
                "point": full_name(self.hass, self._entry, point),
                "recorded": words.recorded(await self._affected(point)),
            },
        )


class ContradictedFlow(KindFlow):
    """Asks whether the kind of a point is changed, and its history with it."""

    _kept: Kind
    """The kind that the point has if nothing is changed."""

    async def async_step_init(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Show what the data suggest, and what a change would delete."""
        if (point := self._point) is None:
            return self.async_abort(reason="not_loaded")
        data = self._entry.runtime_data
        question = contradicted_points(self.hass, self._entry, data).get(point.key)
        if question is None or question.suggested is None:
            # It was answered since the card was made.
            return self.async_create_entry(data={})
        self._kind, self._kept = question.suggested, question.kind
        words = await Words.async_load(self.hass)
        return self.async_show_menu(
            step_id="init",
            menu_options=["change", "change_with_copy", "keep"]
            if self._can_keep(question)
            else ["change", "change_with_copy"],
            description_placeholders={
                "point": full_name(self.hass, self._entry, point),
                "kind": words.kind(question.kind),
                "suggested": words.kind(question.suggested),
                "week": words.week(question, point),
                "recorded": words.recorded(await self._affected(point)),
            },
        )

    async def async_step_keep(
        self, user_input: FormData | None = None
    ) -> RepairsFlowResult:
        """Store that the present kind is the right one."""
        if (point := self._point) is None:
            return self.async_abort(reason="not_loaded")
        return self._save(point, self._kept)

    def _can_keep(self, question: KindQuestion) -> bool:
        """Return True if the point can have the present kind.

        Where only the rows have it, the backend has to follow the user, and the rows
        have to show which kind it is.
        """
        spec = BACKENDS[self._entry.data[CONF_BACKEND]]
        is_followed = Capability.KINDS in spec.capabilities
        return not question.is_about_rows or (
            is_followed and question.kind is not Kind.UNDECIDED
        )
