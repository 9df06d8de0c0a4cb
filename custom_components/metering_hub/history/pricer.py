"""Price what is recorded when the user changes a tariff, or prices become known."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..backends.common.times import whole_hour
from ..backends.errors import BackendError
from ..const import LOGGER
from ..errors import HistoryError
from ..prices.sources import async_remove_unused
from .importer import Importer
from .progress import REPORT_PROGRESS_FROM, Progress
from .repricing import SOON
from .statistic import Scope


class PricedHistory(Protocol):
    """The history of an entry, which shows how far its costs are."""

    name: str
    data: Progress

    async def async_answered_scope(self) -> Scope:
        """Return what is recorded; raises RecorderError and StoppingError."""

    def async_show(self, progress: Progress) -> None:
        """Show the progress."""

    def async_show_priced(self, progress: Progress) -> None:
        """Show the progress after recorded hours were priced."""

    async def async_fail(self, err: BackendError | HistoryError) -> None:
        """Show that recorded hours could not be priced."""


class Pricer:
    """Price the recorded hours of an entry again, without asking its server.

    Imports do that themselves, so whatever fails here is done by the next one.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        importer: Importer,
        history: PricedHistory,
    ) -> None:
        """Initialize the pricer; `async_start` lets it follow the tariffs."""
        self._hass = hass
        self._entry = entry
        self._importer = importer
        self._history = history
        self._before = Progress()
        self._task: asyncio.Task[None] | None = None

    @callback
    def async_start(self) -> None:
        """Follow the tariffs until the entry is unloaded."""
        self._entry.async_on_unload(
            async_dispatcher_connect(
                self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._follow_tariffs
            )
        )
        self._entry.async_on_unload(
            self._hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._follow_currency)
        )
        self._entry.async_on_unload(
            async_track_time_interval(self._hass, self._follow_prices, SOON / 2)
        )

    @callback
    def _follow_prices(self, _now: datetime) -> None:
        """Price the hours without a price that may have become known, if any."""
        if self._importer.awaits_prices:
            self._begin()

    @callback
    def _follow_tariffs(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Price everything again if the user has changed a tariff.

        Several changes at once are priced together: the task begins after them.
        """
        if entry.entry_id == self._entry.entry_id:
            self._follow_book()

    @callback
    def _follow_currency(self, event: Event) -> None:
        """Price everything again if the user has changed Home Assistant's currency."""
        self._follow_book()

    @callback
    def _follow_book(self) -> None:
        """Price everything again if the prices in the book are outdated."""
        if self._importer.book.is_outdated:
            self._begin()

    @callback
    def _begin(self) -> None:
        """Price in the background, unless that is being done."""
        if self._task is None or self._task.done():
            self._task = self._entry.async_create_background_task(
                self._hass, self._price(), f"{self._history.name} prices"
            )

    async def _price(self) -> None:
        """Price what is recorded by the present tariffs."""
        is_first = True
        while is_first or self._importer.book.is_outdated:
            is_first = False
            await asyncio.sleep(0)
            try:
                if self._importer.book.is_outdated:
                    await async_remove_unused(self._hass)
                scope = await self._history.async_answered_scope()
                outcome = await self._importer.price(scope)
            except (BackendError, HistoryError) as err:
                await self._history.async_fail(err)
                return
            shown = self._history.data
            progress = self._before if shown.state == "pricing" else shown
            self._history.async_show_priced(
                replace(progress, rows=progress.rows + outcome.rows)
            )

    def report(
        self, start: datetime, share: float, reached: datetime, rows: int
    ) -> None:
        """Show how far all costs are, of which a long part is computed."""
        history = self._history
        if dt_util.utcnow() - start < REPORT_PROGRESS_FROM:
            return
        if history.data.state != "pricing":
            LOGGER.info("%s: pricing from %s on", history.name, start.date())
            self._before = history.data
        history.async_show(
            Progress(
                percent=round(share * 100, 1),
                reached=whole_hour(reached),
                rows=rows,
                state="pricing",
                left_out=history.data.left_out,
            )
        )
