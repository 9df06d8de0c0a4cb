"""The steps of the options flow in which the history of older sensors is joined."""

from collections.abc import Iterable, Iterator, Mapping

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.helpers.selector import StatisticSelector, StatisticSelectorConfig

from ..dashboard.preferences import Source, SourceList, async_get_preferences
from ..dashboard.replaced_sources import async_replaced_sources
from ..errors import HistoryError
from ..flow.forms import FormData, choice_selector, choices_selector
from ..history.coordinator import HistoryCoordinator
from ..history.joining.plan import JoinPlans, Refusal, plan_joins
from ..history.recorder.joined import Seam
from ..history.statistic import COMPENSATION_SUFFIX, COST_SUFFIX, Scope, cost_suffix
from ..metering.model import Kind, Point
from .settings_steps import DeviceSettingsFlow
from .words import Words

CONF_METER = "meter"
CONF_OLDER = "older"
CONF_UNDO = "undo"

_COST_FIELDS = {
    COST_SUFFIX: ("stat_energy_from", "stat_cost"),
    COMPENSATION_SUFFIX: ("stat_energy_to", "stat_compensation"),
}
"""The fields of the Energy dashboard's sources: an amount, and what it costs."""


class OlderHistoryFlow(DeviceSettingsFlow):
    """The steps about older history; `_plans` is what the preview shows."""

    _joined_point: Point
    _plans: JoinPlans

    @property
    def _history(self) -> HistoryCoordinator | None:
        """Return the history of the entry, if it has one and is loaded."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return None
        return self.config_entry.runtime_data.history

    async def async_step_older_history(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Ask for a meter and an older statistic, or for what is taken back."""
        if (history := self._history) is None:
            return self.async_abort(reason="no_history")
        scope = await history.scope()
        joined = await history.joiner.async_joined()
        errors: dict[str, str] = {}
        if user_input is not None:
            if errors := older_history_errors(history, user_input):
                pass
            elif undone := user_input.get(CONF_UNDO):
                errors = await self._async_undo(history, scope, undone)
                if not errors:
                    return self.async_abort(reason="older_history_undone")
            else:
                errors = await self._async_plan(scope, user_input)
                if not errors:
                    return await self.async_step_older_history_preview()
        return self.async_show_form(
            step_id="older_history",
            data_schema=self.add_suggested_values_to_schema(
                older_history_schema(scope, joined), user_input
            ),
            errors=errors,
            last_step=False,
        )

    async def async_step_older_history_preview(
        self, user_input: FormData | None = None
    ) -> ConfigFlowResult:
        """Show both ends, and join them when that is confirmed."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._async_join()
            if not errors:
                return self.async_abort(reason="older_history_joined")
        words = await Words.async_load(self.hass)
        return self.async_show_form(
            step_id="older_history_preview",
            data_schema=vol.Schema({}),
            errors=errors,
            description_placeholders={
                "meter": self._plans.amounts.older.statistic.name,
                "older": self._plans.amounts.older.name,
                "ends": words.joins(self._plans, self._joined_point),
            },
        )

    async def _async_plan(self, scope: Scope, user_input: FormData) -> dict[str, str]:
        """Plan what is joined; return the errors to show."""
        points = _points(scope)
        point, older = points.get(user_input[CONF_METER]), user_input[CONF_OLDER]
        if point is None:
            return {CONF_METER: Refusal.NO_OWN_ROWS.value}
        suffix = cost_suffix(point)
        sources = await self._async_sources()
        # Home Assistant names the sensor of a cost that it calculates itself after it.
        costs = [*_shown_costs(sources, older, suffix), f"{older}_{suffix}"]
        try:
            plans = await plan_joins(self.hass, scope, point, older, costs)
        except HistoryError:
            return {"base": "older_not_written"}
        if isinstance(plans, Refusal):
            return {CONF_OLDER: plans.value}
        self._joined_point, self._plans = point, plans
        return {}

    async def _async_sources(self) -> list[Source]:
        """Return the sources of the dashboard, and those that our meters replaced.

        People change over first, and join the older history then.
        """
        preferences = await async_get_preferences(self.hass)
        replaced = await async_replaced_sources(self.hass)
        return [
            *preferences.sources()[SourceList.ENERGY],
            *(
                source
                for each in reversed(replaced.of(self.config_entry.entry_id))
                for source in each.replaced
            ),
        ]

    async def _async_join(self) -> dict[str, str]:
        """Join what was shown; return the errors to show."""
        if (history := self._history) is None or history.is_busy:
            return {"base": "older_import_runs"}
        try:
            scope = await history.scope()
            await history.joiner.async_join(scope, self._plans)
        except HistoryError:
            return {"base": "older_not_written"}
        return {}

    async def _async_undo(
        self, history: HistoryCoordinator, scope: Scope, statistic_ids: Iterable[str]
    ) -> dict[str, str]:
        """Take back what was joined; return the errors to show."""
        try:
            await history.joiner.async_undo(scope, *statistic_ids)
        except HistoryError:
            return {"base": "older_not_written"}
        return {}


def older_history_errors(
    history: HistoryCoordinator, user_input: FormData
) -> dict[str, str]:
    """Return what is wrong with the form, or keeps it from being followed now."""
    if history.is_busy:
        return {"base": "older_import_runs"}
    if user_input.get(CONF_UNDO):
        return {}
    missing = [each for each in (CONF_METER, CONF_OLDER) if not user_input.get(each)]
    return dict.fromkeys(missing, "older_required")


def _points(scope: Scope) -> Mapping[str, Point]:
    """Return the points whose rows have sums, by key."""
    return {
        point.key: point for point in scope.points if point.kind is not Kind.INSTANT
    }


def older_history_schema(scope: Scope, joined: Mapping[str, Seam]) -> vol.Schema:
    """Return the form, which only offers to take back what is joined."""
    names = {key: scope.names[key] for key in _points(scope)}
    ordered = dict(sorted(names.items(), key=lambda item: item[1].casefold()))
    fields: dict[vol.Marker, object] = {
        vol.Optional(CONF_METER): choice_selector(ordered),
        vol.Optional(CONF_OLDER): StatisticSelector(StatisticSelectorConfig()),
    }
    # A sum follows from its parts, so it is not taken back by itself.
    joined = {each: seam for each, seam in joined.items() if not seam.parts}
    if joined:
        statistics = {
            each.statistic_id: each.name
            for point in scope.points
            for each in (scope.statistic(point), scope.cost_statistic(point, ""))
        }
        labels = {
            statistic_id: f"{statistics.get(statistic_id, statistic_id)} ← "
            f"{seam.source_id}"
            for statistic_id, seam in joined.items()
        }
        fields[vol.Optional(CONF_UNDO)] = choices_selector(labels)
    return vol.Schema(fields)


def _shown_costs(sources: Iterable[Source], older: str, suffix: str) -> Iterator[str]:
    """Yield the costs that the Energy dashboard shows for an older statistic."""
    amount, cost = _COST_FIELDS[suffix]
    for source in sources:
        if source.get(amount) == older and (found := source.get(cost)):
            yield found
