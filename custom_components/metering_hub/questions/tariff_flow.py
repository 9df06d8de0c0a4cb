"""The steps in which the user says what energy, gas, water or heat costs."""

import asyncio
from collections.abc import Sequence
from typing import override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..data import MeteringHubConfigEntry
from ..flow.forms import FormData
from ..flow.tariff_forms import (
    CONF_ACTION,
    CONF_COPY_FROM,
    CONF_SENSOR,
    basics_schema,
    choice_texts,
    price_schema,
    surcharges_schema,
)
from ..flow.tariff_input import basics_errors, read_basics, read_price, read_surcharges
from ..flow.tariff_targets import TariffTargets
from ..history.statistic import Scope
from ..metering.model import PricePeriod
from ..prices.maths.conflicts import find_conflict
from ..prices.maths.tariff import Tariff
from ..prices.sources import entity_of, offered_actions
from ..prices.stored import (
    CONF_PRICE,
    CONF_PRICE_TYPE,
    CONF_SOURCE,
    CONF_UNIT,
    CONF_VALID_FROM,
    CONF_VALID_TO,
    PriceType,
    stored_tariffs,
)
from ..prices.stored_values import Stored
from .tariff_trial import (
    all_tariffs,
    async_preview,
    find_targets,
    titles_of,
    trial_tariff,
)

SHOWN_AFTER = 3.0
"""After so many seconds, the user sees that the calculation goes on."""

_NEW = ""
"""The key of a tariff that is not stored yet."""


class TariffFlow(ConfigSubentryFlow):
    """Handle the adding and changing of a tariff.

    `_basics`, `_price` and `_surcharges` are the data of the steps that were submitted,
    and `_shown` are those that the steps suggest: of the stored tariff, or of the one
    that is copied. `_submitted` is the first step's form, and `_periods` are the
    server's prices. `_preview` is the task that calculates what the tariff costs.
    """

    _submitted: FormData
    _name: str
    _basics: FormData
    _price: FormData
    _surcharges: FormData
    _shown: Stored
    _targets: TariffTargets
    _scope: Scope
    _periods: Sequence[PricePeriod]
    _preview: asyncio.Task[str] | None = None

    async def async_step_user(
        self, user_input: FormData | None = None
    ) -> SubentryFlowResult:
        """Ask what a new tariff is for."""
        if user_input is None:
            self._shown = {}
        return await self._async_basics("user", user_input)

    async def async_step_reconfigure(
        self, user_input: FormData | None = None
    ) -> SubentryFlowResult:
        """Ask what a tariff is for that is changed."""
        if user_input is None:
            self._shown = self._get_reconfigure_subentry().data
        return await self._async_basics("reconfigure", user_input)

    async def _async_basics(
        self, step_id: str, user_input: FormData | None
    ) -> SubentryFlowResult:
        """Ask what the tariff is for, and when it applies."""
        entry: MeteringHubConfigEntry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        history = entry.runtime_data.history
        if history is None:
            return self.async_abort(reason="history_switched_off")
        self._periods = history.price_book.prices.periods
        self._scope = await history.scope()
        self._targets = find_targets(self._scope, self.hass.config.currency)
        if not self._targets.points:
            return self.async_abort(reason="nothing_to_price")
        errors: dict[str, str] = {}
        conflict = ""
        if user_input is not None:
            errors, conflict = self._read_basics(user_input)
            if not errors:
                return await self.async_step_price()
        schema = basics_schema(
            self._targets,
            self._shown,
            start=self._usual_start,
            copies=titles_of(self.hass) if step_id == "user" else {},
            actions=offered_actions(self.hass),
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._shown_basics()
            ),
            errors=errors,
            description_placeholders={
                "currency": self._targets.currency,
                "conflict": conflict,
            },
            last_step=False,
        )

    @property
    def _usual_start(self) -> str:
        """Return the start of the year: earlier prices are usually other ones."""
        year = dt_util.utcnow().astimezone(self._targets.zone).year
        return f"{year}-01-01 00:00:00"

    def _shown_basics(self) -> FormData:
        """Return what the first step suggests, in the form of its fields."""
        if self.source != SOURCE_RECONFIGURE:
            return {}
        # The frontend splits the day from the time at a blank.
        times = {
            name: str(self._shown[name]).replace("T", " ")
            for name in (CONF_VALID_FROM, CONF_VALID_TO)
            if name in self._shown
        }
        title = self._get_reconfigure_subentry().title
        return {**self._shown, **times, CONF_NAME: title}

    def _read_basics(self, user_input: FormData) -> tuple[dict[str, str], str]:
        """Keep what the tariff is for; return the errors, and who it conflicts with."""
        copied = all_tariffs(self.hass).get(user_input.get(CONF_COPY_FROM, ""))
        self._submitted = user_input
        self._name = user_input[CONF_NAME].strip()
        self._basics, errors = read_basics(user_input, self._targets)
        if self.source != SOURCE_RECONFIGURE:
            self._shown = {} if copied is None else copied.data
        if not errors and copied is not None:
            self._basics[CONF_PRICE_TYPE] = self._shown[CONF_PRICE_TYPE]
            if basics_errors(self._basics, self._targets):
                errors = {CONF_COPY_FROM: "no_registers"}
        if errors:
            return errors, ""
        return self._conflict_errors()

    def _conflict_errors(self) -> tuple[dict[str, str], str]:
        """Return the error of a tariff that begins with another one, and its name."""
        priced = {**self._basics, CONF_PRICE_TYPE: PriceType.FIXED, CONF_PRICE: 0.0}
        conflict = find_conflict(self._trial(priced), self._others())
        if conflict is None:
            return {}, ""
        return {CONF_VALID_FROM: "same_beginning"}, conflict.name

    def _trial(self, data: Stored) -> Tariff:
        """Return the tariff as submitted until now, which may have no price yet."""
        return trial_tariff(self._key, self._name, data, self._targets)

    @property
    def _key(self) -> str:
        """Return the key of the tariff."""
        is_stored = self.source == SOURCE_RECONFIGURE
        return self._reconfigure_subentry_id if is_stored else _NEW

    def _others(self) -> list[Tariff]:
        """Return the other tariffs of the entry."""
        targets = self._targets
        stored = stored_tariffs(self._get_entry(), targets.zone, targets.currency)
        return [each for each in stored if each.key != self._key]

    async def async_step_price(
        self, user_input: FormData | None = None
    ) -> SubentryFlowResult:
        """Ask for the price."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._price, errors = read_price(
                self.hass, user_input, self._basics, self._targets
            )
            if not errors:
                return await self.async_step_surcharges()
        source = str(self._shown.get(CONF_SOURCE, ""))
        actions = dict(offered_actions(self.hass))
        if self._shown.get(CONF_PRICE_TYPE) == PriceType.ACTION:
            # It stays a choice while the integration that has it is not loaded.
            actions = {source: source, **actions}
        suggested = {
            CONF_SENSOR: entity_of(self.hass, source),
            CONF_ACTION: source,
            **self._shown,
        }
        return self.async_show_form(
            step_id="price",
            data_schema=self.add_suggested_values_to_schema(
                price_schema(
                    self._targets, self._basics, actions, choice_texts(self.hass)
                ),
                user_input or suggested,
            ),
            errors=errors,
            description_placeholders={"currency": self._targets.currency},
            last_step=False,
        )

    async def async_step_surcharges(
        self, user_input: FormData | None = None
    ) -> SubentryFlowResult:
        """Ask for what comes on top of the price."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._surcharges, errors = read_surcharges(user_input)
            if not errors:
                return await self._async_calculate()
        return self.async_show_form(
            step_id="surcharges",
            data_schema=self.add_suggested_values_to_schema(
                surcharges_schema(self._basics, choice_texts(self.hass)),
                self._shown if user_input is None else user_input,
            ),
            errors=errors,
            description_placeholders={
                "unit": self._price[CONF_UNIT],
                "currency": self._targets.currency,
            },
            last_step=False,
        )

    @property
    def _data(self) -> FormData:
        """Return the data of all forms, as they are stored."""
        return {**self._basics, **self._price, **self._surcharges}

    async def _async_calculate(self) -> SubentryFlowResult:
        """Calculate the preview, and show the progress if that takes long."""
        trial, others = self._trial(self._data), self._others()
        self._preview = self.hass.async_create_background_task(
            async_preview(self.hass, self._scope, trial, others, self._periods),
            "metering_hub preview",
        )
        await asyncio.wait({self._preview}, timeout=SHOWN_AFTER)
        if self._preview.done():
            return await self.async_step_preview()
        return await self.async_step_calculation()

    async def async_step_calculation(
        self, user_input: FormData | None = None
    ) -> SubentryFlowResult:
        """Show the progress of a preview that takes long."""
        if self._preview is not None and not self._preview.done():
            return self.async_show_progress(
                step_id="calculation",
                progress_action="preview",
                progress_task=self._preview,
            )
        return self.async_show_progress_done(next_step_id="preview")

    @callback
    @override
    def async_remove(self) -> None:
        """Stop calculating when the flow ends."""
        if self._preview is not None:
            self._preview.cancel()

    async def async_step_preview(
        self, user_input: FormData | None = None
    ) -> SubentryFlowResult:
        """Show what the tariff would have cost, and save it if the user agrees."""
        if user_input is None and self._preview is not None:
            preview = await self._preview
            return self.async_show_form(
                step_id="preview",
                description_placeholders={"name": self._name, "preview": preview},
                last_step=True,
            )
        is_stored = self.source == SOURCE_RECONFIGURE
        if self._conflict_errors()[0]:
            # Another one was stored in the meantime.
            step_id = "reconfigure" if is_stored else "user"
            return await self._async_basics(step_id, self._submitted)
        if is_stored:
            return self.async_update_and_abort(
                self._get_entry(),
                self._get_reconfigure_subentry(),
                title=self._name,
                data=self._data,
            )
        return self.async_create_entry(title=self._name, data=self._data)
