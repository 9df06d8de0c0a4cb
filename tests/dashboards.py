"""Compare the names in a dashboard of docs/dashboards with an entry."""

import re

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.statistic import FIXED_COST_KEY, cost_suffix
from demo.dashboard import OVERVIEW, STATISTIC, named, views_of
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

OF_OTHERS = frozenset({"sensor.day_ahead_price"})
"""What the dashboards show of other integrations: the user's price sensor."""


def unknown_names(
    hass: HomeAssistant, entry: MockConfigEntry, backend: str
) -> list[str]:
    """Return the names in a backend's dashboard that its entry does not have."""
    names = {*named(views_of(backend, ()))}
    assert names, "a dashboard shows something"
    statistics = {name for name in names if STATISTIC.fullmatch(name)}
    points = entry.runtime_data.inventory.data.points
    keys = {
        *points,
        *(f"{key}_{cost_suffix(point)}" for key, point in points.items()),
        FIXED_COST_KEY,
    }
    there = {f"metering_hub:{backend}_SCOPE_{key}" for key in keys} | {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
    }
    assert all(re.match(rf"metering_hub:{backend}_SCOPE_", each) for each in statistics)
    return sorted(names - there - OF_OTHERS)


def texts_of(name: str) -> list[str]:
    """Return the templates of a file's text cards."""
    (view,) = views_of(name, ())
    return [
        str(card["content"])
        for section in view["sections"]
        for card in section["cards"]
        if card["type"] == "markdown"
    ]


def overview_text() -> str:
    """Return the template of the overview's text card about the data."""
    _, text = texts_of(OVERVIEW)
    return text
