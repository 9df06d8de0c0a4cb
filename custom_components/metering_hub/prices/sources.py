"""Where prices that change all the time come from.

A source is stored as text: "sensor:<entity>" (`sensor_source`), or "action:<offer>"
(`action_source`).
"""

import re

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from .action_memory import async_action_memory
from .action_source import ACTION_PREFIX, ActionSource, action_source, read_action
from .maths.tariff import Base
from .price_actions import PRICE_ACTIONS
from .sensor_source import SensorSource, entity_of, is_recorded, sensor_source, unit_of
from .source import PriceSource, ReadHours, tariffs_by_source
from .source_issues import delete_unused_issues
from .units import read_price_unit

__all__ = [
    "async_remove_unused",
    "entity_of",
    "make_source",
    "offered_actions",
    "sensor_source",
    "source_error",
]

OFFER_NAMES = "price_offer"
"""The texts of the names of what actions offer."""

_CURRENCY = re.compile("[A-Z]{3}")


def make_source(
    hass: HomeAssistant,
    source: str,
    base: Base,
    currency: str,
    read_hours: ReadHours,
) -> PriceSource:
    """Return the source with this text."""
    if source.startswith(ACTION_PREFIX):
        return ActionSource(hass=hass, source=source, base=base, currency=currency)
    return SensorSource(
        hass=hass, source=source, base=base, currency=currency, read_hours=read_hours
    )


@callback
def offered_actions(hass: HomeAssistant) -> dict[str, str]:
    """Return the names of all offers in Home Assistant's currency, by source."""
    place = f"component.{DOMAIN}.selector.{OFFER_NAMES}.options."
    texts = async_get_cached_translations(
        hass, hass.config.language, "selector", DOMAIN
    )
    found: dict[str, str] = {}
    for row, action in PRICE_ACTIONS.items():
        if (entry := action.entry(hass)) is None:
            continue
        for offer in action.offers(hass, entry):
            if offer.currency == hass.config.currency:
                name = texts.get(f"{place}{offer.name}", offer.name)
                found[action_source(row, offer)] = (
                    f"{name} ({offer.detail})" if offer.detail else name
                )
    return found


@callback
def source_error(
    hass: HomeAssistant, source: str, base: Base, currency: str
) -> str | None:
    """Return the key of a form's error about a source, or `None` if it is usable."""
    if source.startswith(ACTION_PREFIX):
        stored = read_action(source)
        if stored is None or stored.action.entry(hass) is None:
            return "price_action_missing"
        return _unit_error(stored.action.unit(stored.offer), base, currency)
    entity_id = entity_of(hass, source)
    state = None if entity_id is None else hass.states.get(entity_id)
    if state is None:
        return "price_sensor_missing"
    if not is_recorded(hass, state):
        return "price_sensor_not_recorded"
    return _unit_error(unit_of(state), base, currency)


def _unit_error(unit: str | None, base: Base, currency: str) -> str | None:
    """Return the key of the error about a unit of prices, if there is one."""
    found = read_price_unit(unit, currency)
    if found is not None:
        return None if found.base is base else "price_per_other_unit"
    money = (unit or "").partition("/")[0].strip().upper()
    is_other = money != currency and _CURRENCY.fullmatch(money)
    return "price_in_other_currency" if is_other else "price_unit_unknown"


async def async_remove_unused(hass: HomeAssistant) -> None:
    """Remove what is kept of the sources that no tariff uses any more."""
    delete_unused_issues(hass)
    memory = await async_action_memory(hass)
    await memory.async_keep(tariffs_by_source(hass))
