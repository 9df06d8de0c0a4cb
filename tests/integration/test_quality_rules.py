"""Rules of Home Assistant's quality scale, on every entity of four servers."""

from collections.abc import AsyncIterator

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.sensor import SensorEntity
from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_platform
from homeassistant.helpers.entity import Entity

from ..test_hassfest_rules import read
from .conftest import NOW, set_up
from .four_servers import DOMAIN, connections, four_servers

AMBIGUOUS = {None, "%", "m³"}
"""Units that say nothing of what is measured."""


@pytest.fixture
async def entities(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, all_enabled: None
) -> AsyncIterator[list[Entity]]:
    """Return all entities of an entry for each of the four servers."""
    async with four_servers(hass, freezer, NOW) as hosts:
        for backend, data in connections(hosts).items():
            entry = MockConfigEntry(
                domain=DOMAIN,
                title=backend,
                unique_id=f"{backend}:one",
                data={"backend": backend, **data},
                options={"devices": [], "known_devices": [], "new_devices": True},
            )
            entry.add_to_hass(hass)
            await set_up(hass, entry)
        found = [
            entity
            for platform in entity_platform.async_get_platforms(hass, DOMAIN)
            for entity in platform.entities.values()
        ]
        assert len(found) > 300
        yield found


def without_class(entities: list[Entity]) -> set[str]:
    """Return the sensors without a device class whose unit has one."""
    units = {unit for units in DEVICE_CLASS_UNITS.values() for unit in units}
    return {
        entity.entity_id
        for entity in entities
        if isinstance(entity, SensorEntity)
        and entity.device_class is None
        and entity.native_unit_of_measurement in units - AMBIGUOUS
    }


async def test_the_rules(entities: list[Entity]) -> None:
    """Device classes, names and icons: rules of one set of entities, set up once."""
    # entity-device-class
    assert without_class(entities) == set()
    # has-entity-name
    assert all(entity.has_entity_name for entity in entities)
    texts, icons = read("translations/en.json")["entity"], read("icons.json")["entity"]
    for entity in entities:
        key, domain = entity.translation_key, entity.platform.domain
        if key is None:
            # entity-translations: the server has named it, or its device class does.
            assert entity.name or entity.device_class, entity.entity_id
            continue
        assert key in texts[domain], entity.entity_id
        if isinstance(entity, SensorEntity) and entity.options:
            states = texts[domain][key].get("state", {})
            assert set(entity.options) <= states.keys(), entity.entity_id
        # icon-translations
        assert entity.device_class or key in icons.get(domain, {}), entity.entity_id
