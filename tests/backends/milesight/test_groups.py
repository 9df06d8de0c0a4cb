"""Groups: what a running server has can be set alone, together, or by a button."""

from collections import Counter
from functools import cache
import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from custom_components.metering_hub.backends.milesight.catalogue import (
    Catalogue,
    make_catalogue,
)
from custom_components.metering_hub.backends.milesight.entity_rows import (
    EntityRow,
    EntityType,
    ValueType,
    parse_entity,
)
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.models import parse_device
from custom_components.metering_hub.metering.inventory import SettingGroup
from custom_components.metering_hub.metering.model import Category, Kind

FIXTURES = Path(__file__).parents[2] / "fixtures" / "milesight"


@cache
def captured() -> dict[str, Any]:
    """Return what a running 1.3.1 with 133 devices answered."""
    packed = (FIXTURES / "inventory-1.3.1.json.gz").read_bytes()
    found: dict[str, Any] = orjson.loads(gzip.decompress(packed))
    return found


@pytest.fixture(scope="module")
def rows() -> list[EntityRow]:
    parsed = (parse_entity(row) for row in captured()["entities"])
    return [row for row in parsed if row is not None]


@pytest.fixture
async def catalogue(rows: list[EntityRow]) -> Catalogue:
    parsed = (parse_device(row) for row in captured()["devices"])
    devices = [device for device in parsed if device is not None]
    return await make_catalogue(devices, rows, LatestEndpoint.BATCH, "http://server")


def group_of(catalogue: Catalogue, suffix: str) -> SettingGroup:
    """Return the only group whose key has an end."""
    (group,) = (
        each.group
        for key, each in catalogue.write_groups.items()
        if key.endswith(suffix)
    )
    return group


async def test_everything_that_is_writable_can_be_set(
    catalogue: Catalogue, rows: list[EntityRow]
) -> None:
    """Alone, with its group or by a button; but not what the platform keeps itself."""
    shown = {
        source.entity.id
        for source in catalogue.sources.values()
        if source.point.writable or source.point.kind is Kind.ACTION
    }
    grouped = {
        source.entity.id
        for group in catalogue.write_groups.values()
        for source in group.sources.values()
    }
    left = Counter(
        row.key.rpartition(".")[2]
        for row in rows
        if row.is_writable
        and row.value_type is not ValueType.OBJECT
        and row.id not in shown | grouped
    )
    assert set(left) == {
        # The platform's own: when a device counts as offline.
        "ms-offline-timeout",
        # Devices are added to and deleted from the server, not from Home Assistant.
        *("delete_device", "ip"),
    }
    properties = [row for row in rows if row.type is EntityType.PROPERTY]
    assert sum(row.id in shown | grouped for row in properties) > 2_900


async def test_children_know_their_group(catalogue: Catalogue) -> None:
    children = [
        source
        for source in catalogue.sources.values()
        if source.point.writable and "." in source.entity.key.split(".", 3)[-1]
    ]
    assert len(children) > 1_500
    for source in children:
        group = catalogue.write_groups[source.point.group or ""]
        assert source.point.key in group.sources
        assert not group.is_service


async def test_names_of_groups_and_fields_are_unique(catalogue: Catalogue) -> None:
    groups = [each.group for each in catalogue.write_groups.values()]
    names = Counter((group.device_key, group.name) for group in groups)
    assert max(names.values()) == 1
    for group in groups:
        assert group.fields
        assert len({field.name.casefold() for field in group.fields}) == len(
            group.fields
        )


async def test_a_group_has_the_fields_that_the_server_asks_for(
    catalogue: Catalogue,
) -> None:
    group = group_of(catalogue, "24e1240000500078_temperature_control_forbidden_config")
    assert group.name == "Temperature control forbidden config"
    assert [(field.name, field.kind, field.is_required) for field in group.fields] == [
        ("Heat Enable", Kind.FLAG, True),
        ("EM Heat Enable", Kind.FLAG, True),
        ("Cool Enable", Kind.FLAG, True),
        ("Auto Enable", Kind.FLAG, True),
    ]


async def test_parameters_of_services_are_groups_not_buttons(
    catalogue: Catalogue,
) -> None:
    group = group_of(catalogue, "24e124000050007c_remove_plan")
    assert len(group.fields) == 17
    buttons = {
        source.entity.key
        for source in catalogue.sources.values()
        if source.point.kind is Kind.ACTION
    }
    assert not any(key.endswith("data-input.template") for key in buttons)
    members = catalogue.write_groups[group.key].sources.values()
    assert buttons.isdisjoint(source.entity.key for source in members)


async def test_buttons(catalogue: Catalogue) -> None:
    """The dangerous ones are off; what only makes a device report is diagnostic."""
    buttons = {
        source.entity.key.rpartition(".")[2]: source.point
        for source in catalogue.sources.values()
        if source.point.kind is Kind.ACTION
    }
    count = sum(
        source.point.kind is Kind.ACTION for source in catalogue.sources.values()
    )
    assert count > 500
    for name in ("reboot", "clear_history", "reset_battery", "reset_power_consumption"):
        assert not buttons[name].enabled_default
        assert buttons[name].category is Category.CONFIG
    for name in ("query_device_status", "report_attribute", "query_status"):
        assert buttons[name].enabled_default
        assert buttons[name].category is Category.DIAGNOSTIC
    for name in ("sync_time", "stop_buzzer"):
        assert buttons[name].enabled_default
    assert "reset_button_enable" not in buttons


async def test_secrets(catalogue: Catalogue) -> None:
    """Keys are secrets, and so is what can only be written."""
    secrets = Counter(
        source.entity.key.rpartition(".")[2]
        for source in catalogue.sources.values()
        if source.point.text is not None and source.point.text.is_secret
    )
    assert secrets == {"d2d_key": 23, "write_only": 3}
    for source in catalogue.sources.values():
        if source.point.text is not None and source.point.text.is_secret:
            assert not source.point.enabled_default
            assert source.point.category is Category.CONFIG
