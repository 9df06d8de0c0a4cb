"""What the tests of the sources of prices share."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.prices.maths.series import PriceSeries
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def add_tariff(hass: HomeAssistant, source: str, price_type: str) -> MockConfigEntry:
    """Add an entry with a tariff whose prices come from a source."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="House",
        data={"backend": "dsmr_reader"},
        subentries_data=[
            ConfigSubentryData(
                data={"price_type": price_type, "source": source},
                subentry_type="tariff",
                title="Dynamic",
                unique_id=None,
            )
        ],
    )
    entry.add_to_hass(hass)
    return entry


def issues(hass: HomeAssistant) -> list[tuple[str | None, dict[str, str] | None]]:
    """Return the keys and placeholders of the issues of the integration."""
    return [
        (issue.translation_key, issue.translation_placeholders)
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    ]


async def record_prices(
    hass: HomeAssistant,
    sensor: str,
    prices: Mapping[datetime, float],
    unit: str | None = "EUR/kWh",
) -> None:
    """Record the means of a price sensor, by the start of their hours."""
    async_import_statistics(
        hass,
        StatisticMetaData(
            mean_type=StatisticMeanType.ARITHMETIC,
            has_sum=False,
            name=None,
            source="recorder",
            statistic_id=sensor,
            unit_class=None,
            unit_of_measurement=unit,
        ),
        [StatisticData(start=hour, mean=mean) for hour, mean in prices.items()],
    )
    await wait_until_stored(hass)


def prices_at(
    series: PriceSeries, start: datetime, hours: Iterable[int]
) -> list[float | None]:
    """Return the prices of hours after a moment."""
    prices = [series.at(start + number * HOUR) for number in hours]
    return [None if price is None else round(price, 9) for price in prices]
