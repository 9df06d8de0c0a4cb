"""The repair issues about tariffs and contracts that charge nothing."""

from types import MappingProxyType

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import set_up
from .test_history import euro, imported, simulator, wants_history
from .test_prices import COST, KEY, LATER, assert_priced, tariff

__all__ = ["euro", "simulator", "wants_history"]


def issues(hass: HomeAssistant) -> list[str]:
    """Return the keys of the issues about prices, and what they are about."""
    found = []
    for issue in ir.async_get(hass).issues.values():
        if issue.domain == DOMAIN and issue.issue_id.startswith("tariff_"):
            values = issue.translation_placeholders
            assert values
            about = f"{values['tariff']} {values['currency']} {values['expected']}"
            found.append(f"{issue.translation_key}: {about}")
    return sorted(found)


def broken() -> ConfigSubentry:
    """Return a tariff whose price somebody has removed from the storage."""
    data = {**tariff(1.0, LATER).data, "price": None}
    return ConfigSubentry(
        data=MappingProxyType(data),
        subentry_type="tariff",
        title="Broken",
        unique_id=None,
    )


async def test_a_broken_tariff(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """It has an issue until it is saved anew, and another one until it is removed."""
    before = await imported(hass, loaded)
    assert issues(hass) == []
    one, two = broken(), broken()
    hass.config_entries.async_add_subentry(loaded, one)
    hass.config_entries.async_add_subentry(loaded, two)
    assert (await imported(hass, loaded))[COST] == before[COST]
    assert issues(hass) == ["tariff_broken: Broken - EUR"] * 2
    data = {**one.data, "price": 2.0}
    hass.config_entries.async_update_subentry(loaded, one, data=data)
    assert_priced(await imported(hass, loaded), 2.0, LATER, before)
    assert len(issues(hass)) == 1
    hass.config_entries.async_remove_subentry(loaded, two.subentry_id)
    await imported(hass, loaded)
    assert issues(hass) == []


async def test_another_currency(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Tariff and contracts have issues at once, until the currency is back."""
    before = await imported(hass, loaded)
    hass.config_entries.async_add_subentry(loaded, tariff(1.0, LATER))
    priced = await imported(hass, loaded)
    assert issues(hass) == []
    await hass.config.async_update(currency="PLN")
    assert (await imported(hass, loaded))[COST] == priced[COST]
    assert issues(hass) == [
        "server_currency: - EUR PLN",
        "tariff_currency: Tariff EUR PLN",
    ]
    await hass.config.async_update(currency="EUR")
    assert_priced(await imported(hass, loaded), 1.0, LATER, before)
    assert issues(hass) == []


async def test_a_tariff_that_is_entered_anew(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """In the new currency it charges again, and only the contracts have an issue."""
    await imported(hass, loaded)
    added = tariff(1.0, LATER)
    hass.config_entries.async_add_subentry(loaded, added)
    await hass.config.async_update(currency="PLN")
    await imported(hass, loaded)
    data = {**added.data, "currency": "PLN", "unit": "PLN/kWh", "price": 4.0}
    hass.config_entries.async_update_subentry(loaded, added, data=data)
    after = await imported(hass, loaded)
    used = {row["start"]: row["change"] or 0.0 for row in after[KEY]}
    costs = {row["start"]: row["change"] for row in after[COST]}
    assert costs == {
        start: pytest.approx(amount * 4, abs=2e-6)
        for start, amount in used.items()
        if start >= LATER.timestamp()
    }
    assert issues(hass) == ["server_currency: - EUR PLN"]


async def test_issues_end_with_the_history_or_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """They are found again when the entry is loaded, before anything is imported."""
    hass.config_entries.async_add_subentry(loaded, broken())
    await imported(hass, loaded)
    assert len(issues(hass)) == 1
    options = {**loaded.options}
    hass.config_entries.async_update_entry(
        loaded, options={**options, "history": False}
    )
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await set_up(hass, loaded)
    assert issues(hass) == []
    hass.config_entries.async_update_entry(loaded, options=options)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await set_up(hass, loaded)
    assert len(issues(hass)) == 1
    await hass.config_entries.async_remove(loaded.entry_id)
    assert issues(hass) == []
