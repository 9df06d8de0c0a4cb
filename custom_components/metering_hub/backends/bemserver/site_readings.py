"""The readings of campaigns, sites and devices that are not series."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from ...metering.model import Kind, Reading
from ..common.concurrency import gather_parts
from ..common.times import local_midnight
from ..errors import BackendError
from .batching import SeriesBatcher, make_batches
from .catalogue import Catalogue
from .client import BemserverClient, NoDataError
from .data_states import DataStates
from .lateness import Lateness
from .models import PlaceId, PlaceKind
from .notifications import NotificationReader
from .points import SeriesPoint, campaign_key, place_key
from .site_points import SitePoint, SiteSource, SiteTopic
from .time_zones import TimeZones
from .timeseries_client import Span, TimeseriesClient
from .todays_amounts import DECIMALS
from .value_cache import ValueCache

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

COMPLETENESS_SERIES = 50
"""Series of a site that its completeness is computed from: as many as one batch has."""

MAX_NAMES = 20
"""Late series that are named: attributes of a state must not become too long."""

type SiteReadings = Mapping[str, Reading]
"""Readings by point key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOverview:
    """The parts of the catalogue and of series' points that the readings depend on.

    `sources` are by key of the point. `site_series` are the series of each site that
    count for its completeness. `device_series` are the series of each device, each with
    whether it has intervals, which are stamped at their start.
    """

    user_id: int
    catalogue: Catalogue
    zones: TimeZones
    sources: Mapping[str, SiteSource]
    site_series: Mapping[int, Sequence[int]]
    device_series: Mapping[str, Mapping[int, bool]]

    def site_zone(self, site_id: int) -> ZoneInfo:
        """Return the time zone of a site's campaign."""
        campaign = self.catalogue.campaign_of(PlaceId(PlaceKind.SITE, site_id))
        return self.zones.of(campaign or 0)

    def place_of(self, device_key: str) -> PlaceId | None:
        """Return the place that a device was made from, if it was made from one."""
        places = {place_key(place): place for place in self.catalogue.places}
        return places.get(device_key)


class SiteReader:
    """Reads the points that `make_site_points` yields."""

    def __init__(
        self,
        client: BemserverClient,
        timeseries: TimeseriesClient,
        batcher: SeriesBatcher,
        states: DataStates,
        cache: ValueCache,
        notifications: NotificationReader,
    ) -> None:
        """Initialize the reader."""
        self._client = client
        self._notifications = notifications
        self._timeseries = timeseries
        self._batcher = batcher
        self._states = states
        self._lateness = Lateness(states, cache)

    async def read(
        self,
        keys: Iterable[str],
        site: SiteOverview,
        now: datetime,
        series: Mapping[int, BackendError | None],
    ) -> tuple[dict[str, Reading], dict[str, BackendError]]:
        """Return readings and errors, both by point key.

        Keys of other points are ignored. `series` are those that were just read, with
        their errors. Raises BackendError if the whole server fails.
        """
        sources = site.sources
        self._notifications.start_round()
        requests = {key: _shared(sources[key]) for key in keys if key in sources}
        parts, failures = await gather_parts(
            {
                source: self._fetch(source, site, now, series)
                for source in {*requests.values()}
            },
            may_be_silent=True,
        )
        found = {key: value for part in parts.values() for key, value in part.items()}
        readings = {key: found[key] for key in requests if key in found}
        failed = {
            key: failures[source]
            for key, source in requests.items()
            if source in failures
        }
        return readings, failed

    async def _fetch(
        self,
        source: SiteSource,
        site: SiteOverview,
        now: datetime,
        series: Mapping[int, BackendError | None],
    ) -> SiteReadings:
        """Return the readings of one source; there may be more than are wanted."""
        match source.topic:
            case SiteTopic.NOTIFICATIONS:
                return await self._notification_counts(site, now)
            case SiteTopic.NOTIFICATION_LIST:
                return await self._notification_list(source, site, now)
            case SiteTopic.EVENT:
                return await self._event(source, site)
            case SiteTopic.COMPLETENESS:
                return await self._completeness(source, site, now)
            case SiteTopic.LATE:
                return self._late(source, site, now, series)
            case SiteTopic.HEATING | SiteTopic.COOLING:
                return await self._degree_days(source, site, now)

    async def _notification_counts(
        self, site: SiteOverview, now: datetime
    ) -> SiteReadings:
        """Return the number of unread notifications of each campaign."""
        counts = await self._notifications.counts(site.user_id)
        return {
            f"{campaign_key(number)}_notifications": Reading(
                time=now, value=counts.get(number, 0)
            )
            for number in site.catalogue.campaigns
        }

    async def _notification_list(
        self, source: SiteSource, site: SiteOverview, now: datetime
    ) -> SiteReadings:
        """Return the unread notifications of a campaign."""
        count, notifications = await self._notifications.unread(
            site.user_id, source.number, site.catalogue.enumerations.categories
        )
        reading = Reading(time=now, value=count, notifications=notifications)
        return {f"{source.device_key}_notification_list": reading}

    async def _event(self, source: SiteSource, site: SiteOverview) -> SiteReadings:
        """Return the latest event of a campaign, if there is one."""
        event = await self._client.latest_event(source.number)
        if event is None:
            return {}
        categories = site.catalogue.enumerations.categories
        details = {
            "category": categories.get(event.category_id or 0),
            "source": event.source,
            "description": event.description,
        }
        return {
            f"{source.device_key}_event": Reading(
                time=event.time,
                value=event.level.lower(),
                details={name: text for name, text in details.items() if text},
            )
        }

    async def _degree_days(
        self, source: SiteSource, site: SiteOverview, now: datetime
    ) -> SiteReadings:
        """Return the degree days of yesterday and of the current month."""
        local = now.astimezone(site.site_zone(source.number))
        today, yesterday = local.date(), local.date() - DAY
        month = today.replace(day=1)
        try:
            days = await self._timeseries.degree_days(
                source.number,
                min(month, yesterday),
                today,
                cooling=source.topic is SiteTopic.COOLING,
            )
        except NoDataError:
            # The air temperature is no longer linked, or has no values.
            return {}
        name = f"{source.device_key}_{source.topic}"
        readings: dict[str, Reading] = {}
        for when, first in (("yesterday", yesterday), ("month", month)):
            known = {day: value for day, value in days.items() if day.date() >= first}
            if known:
                readings[f"{name}_{when}"] = Reading(
                    time=max(known).astimezone(UTC),
                    value=round(sum(known.values()), DECIMALS),
                    since=min(known).astimezone(UTC),
                )
        return readings

    async def _completeness(
        self, source: SiteSource, site: SiteOverview, now: datetime
    ) -> SiteReadings:
        """Return the mean completeness of a site's series yesterday, in percent."""
        zone = site.site_zone(source.number)
        end = local_midnight(now, zone)
        start = local_midnight(end - HOUR, zone)
        ratios: dict[int, float] = {}
        series = site.site_series.get(source.number, ())
        for state in self._states.order:
            # Where cleaned values are missing, the next state may have them.
            lacking = [n for n in series if ratios.get(n, 0.0) < 1]
            numbers = self._states.having(lacking, state)
            span = Span(state=state, start=start, end=end)
            parts, failed = await self._batcher.request(
                make_batches(numbers, url_length=self._timeseries.url_length(span)),
                partial(self._timeseries.completeness, span=span, zone=zone.key),
            )
            for number, error in failed.items():
                if not self._batcher.is_refused(number):
                    # The mean of the others would be another one.
                    raise error
            for part in parts:
                for number, ratio in part.items():
                    # Surplus values of a series do not replace missing ones of another.
                    ratios[number] = max(min(1.0, ratio), ratios.get(number, 0.0))
        if not ratios:
            return {}
        percent = round(100 * sum(ratios.values()) / len(ratios), DECIMALS)
        return {f"{source.device_key}_completeness": Reading(time=end, value=percent)}

    def _late(
        self,
        source: SiteSource,
        site: SiteOverview,
        now: datetime,
        read: Mapping[int, BackendError | None],
    ) -> SiteReadings:
        """Return whether any series of a device is late, and the names of these.

        Raises the error of its series if none of them could be read.
        """
        series = site.device_series.get(source.device_key, {})
        errors = [read[number] for number in series if number in read]
        if errors and all(errors) and (error := errors[0]) is not None:
            raise error
        late, is_known = self._lateness.late(series.items(), now)
        if not is_known:
            return {}
        names = sorted(site.catalogue.series[number].name for number in late)
        reading = Reading(
            time=now,
            value=bool(late),
            details={"series": _join_names(names)} if late else None,
        )
        return {f"{source.device_key}_data_late": reading}


def _join_names(names: Sequence[str]) -> str:
    """Return the first names as a text, and how many more there are."""
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f", + {more}" if more > 0 else "")


def _shared(source: SiteSource) -> SiteSource:
    """Return the source to request: campaigns share a request for notifications."""
    if source.topic is SiteTopic.NOTIFICATIONS:
        return SiteSource(source.topic, 0, "")
    return source


def make_overview(
    user_id: int,
    catalogue: Catalogue,
    zones: TimeZones,
    series: Collection[SeriesPoint],
    site_points: Iterable[SitePoint],
) -> SiteOverview:
    """Return the overview of a catalogue and of the points made from it."""
    by_device: dict[str, dict[int, bool]] = {}
    counting: dict[str, list[SeriesPoint]] = {}
    for item in series:
        key, has_intervals = item.point.device_key, item.point.kind is Kind.INTERVAL
        by_device.setdefault(key, {})[item.series_id] = has_intervals
        if item.point.enabled_default and item.point.has_history:
            counting.setdefault(key, []).append(item)
    by_site: dict[int, list[SeriesPoint]] = {}
    for place in catalogue.places:
        site = catalogue.ancestors(place)[-1]
        if site.kind is PlaceKind.SITE:
            by_site.setdefault(site.id, []).extend(counting.get(place_key(place), []))
    return SiteOverview(
        user_id=user_id,
        catalogue=catalogue,
        zones=zones,
        sources={point.key: source for point, source in site_points},
        site_series={number: _energy_first(items) for number, items in by_site.items()},
        device_series=by_device,
    )


def _energy_first(items: Collection[SeriesPoint]) -> Sequence[int]:
    """Return the series that count for a site's completeness, with roles first."""
    ordered = sorted(items, key=lambda item: item.point.role is None)
    return [item.series_id for item in ordered[:COMPLETENESS_SERIES]]
