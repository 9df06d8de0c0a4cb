"""The names of points: translated where they are known, else the server's words."""

from collections import Counter
from collections.abc import Callable
from functools import cache
import json
from pathlib import Path
import re

import pytest

from custom_components.metering_hub.backends.milesight.catalogue import Catalogue
from custom_components.metering_hub.backends.milesight.known_names import KNOWN_NAMES
from custom_components.metering_hub.backends.milesight.sources import Source
from custom_components.metering_hub.backends.milesight.values import (
    value_parser,
    wire_value,
)
from custom_components.metering_hub.identifiers import platform_of
from custom_components.metering_hub.metering.model import Kind, Point

from .library import Rows, captured, library, rows_of

PLUG = "milesight-gateway.device.24E1"
SERVERS = {"captured": captured, "library": library}


@cache
def catalogue_of(server: str) -> Catalogue:
    return SERVERS[server]().catalogue


@cache
def texts() -> dict[str, dict[str, dict[str, str]]]:
    component = Path(__file__).parents[3] / "custom_components" / "metering_hub"
    shown: dict[str, dict[str, dict[str, str]]] = json.loads(
        (component / "translations" / "en.json").read_text()
    )["entity"]
    return shown


def english(point: Point) -> str:
    if point.name is not None:
        return point.name
    assert point.translation_key is not None
    text = texts()[platform_of(point).value][point.translation_key]["name"]
    return text.format(**point.placeholders)


def words(name: str) -> list[str]:
    """Return the words of a name; numbers may be repeated."""
    found = re.findall(r"[^\W_]+(?:\.\d+)?", name.casefold())
    return [word for word in found if not word.replace(".", "").isdecimal()]


@pytest.mark.parametrize("server", SERVERS)
def test_no_name_repeats_a_word(server: str) -> None:
    names = [english(point) for point in catalogue_of(server).inventory.points.values()]
    assert len(names) > 5_000
    assert [name for name in names if len(words(name)) != len(set(words(name)))] == []


@pytest.mark.parametrize("server", SERVERS)
def test_names_fit_beside_a_value(server: str) -> None:
    points = catalogue_of(server).inventory.points.values()
    assert max(len(english(point)) for point in points) <= 60
    assert all(english(point).strip() for point in points)


@pytest.mark.parametrize("server", SERVERS)
def test_no_device_has_a_name_twice(server: str) -> None:
    used = Counter(
        (point.device_key, english(point).casefold())
        for point in catalogue_of(server).inventory.points.values()
    )
    assert [name for name, count in used.items() if count > 1] == []


@pytest.mark.parametrize("server", SERVERS)
def test_names_do_not_depend_on_the_order_of_the_answer(server: str) -> None:
    devices, entities = SERVERS[server]()
    reverse = Rows(devices, entities[::-1]).catalogue
    assert reverse.inventory.points == catalogue_of(server).inventory.points


def test_most_of_what_is_shown_has_a_name_in_every_language() -> None:
    shown = [
        point
        for point in catalogue_of("captured").inventory.points.values()
        if point.enabled_default
    ]
    own = [point for point in shown if point.name is None or point.has_class_name]
    assert len(own) / len(shown) > 0.6


def source_of(key: str, name: str, **fields: object) -> Source:
    """Return the source of one entity of a plug."""
    return sources_of({key: name}, **fields)[key]


def sources_of(names: dict[str, str], **fields: object) -> dict[str, Source]:
    """Return the sources of entities, by identifier."""
    return {each.identifier: each for each in all_sources_of(names, **fields)}


def all_sources_of(names: dict[str, str], **fields: object) -> list[Source]:
    """Return the sources of entities, of which some have two."""
    rows = rows_of(
        [{"id": "1", "key": PLUG, "name": "Plug"}],
        [
            {
                "entity_id": str(number),
                "entity_key": f"{PLUG}.{identifier}",
                "entity_name": name,
                "entity_type": "PROPERTY",
                "entity_value_type": "LONG",
                "entity_access_mod": "R",
                **fields,
            }
            for number, (identifier, name) in enumerate(names.items())
        ],
    )
    return [*rows.catalogue.sources.values()]


def test_what_is_known_has_a_translated_name() -> None:
    point = source_of("modbus_chn_12", "Modbus Channel 12").point
    assert (point.name, point.translation_key) == (None, "modbus_chn")
    assert point.placeholders == {"number": "12"}
    assert english(point) == "Modbus channel 12"


def test_a_name_that_a_user_gave_stays() -> None:
    point = source_of("modbus_chn_12", "Heat pump").point
    assert (point.name, point.translation_key) == ("Heat pump", None)


def test_a_name_that_a_user_gave_stays_even_if_it_is_the_usual_one() -> None:
    point = source_of(
        "temperature",
        "Temperature",
        entity_is_customized=True,
        entity_value_attribute={"unit": "°C"},
    ).point
    assert (point.name, point.has_class_name) == ("Temperature", False)


def test_a_number_beside_its_sensor_says_that_it_is_the_setting() -> None:
    rows = all_sources_of(
        {"modbus_chn_1": "Modbus Channel 1", "humidity": "RH"}, entity_access_mod="RW"
    )
    names = {source.point.writable: set[str]() for source in rows}
    for source in rows:
        names[source.point.writable].add(english(source.point))
    assert names == {
        False: {"Modbus channel 1", "RH"},
        True: {"Modbus channel 1 (setting)", "RH (setting)"},
    }


@pytest.mark.parametrize(
    ("identifier", "name", "labels", "shown"),
    [
        ("magnet_status", "Magnet Status", ("close", "open"), "Door"),
        ("pir", "PIR", ("idle", "trigger"), "Motion"),
        ("leakage_status", "Leakage Status", ("normal", "leak"), "Moisture"),
        ("tamper_status", "Tamper Status", ("normal", "triggered"), "Tamper"),
    ],
)
def test_the_only_yes_no_thing_of_its_class_is_named_by_home_assistant(
    identifier: str, name: str, labels: tuple[str, str], shown: str
) -> None:
    attribute = {
        "entity_value_attribute": {"enum": dict(zip("01", labels, strict=True))}
    }
    point = source_of(identifier, name, **attribute).point
    assert (point.name, point.has_class_name) == (shown, True)
    own = source_of(identifier, "Back gate", **attribute).point
    assert (own.name, own.has_class_name) == ("Back gate", False)


def test_the_only_temperature_is_called_so_by_home_assistant() -> None:
    unit = {"entity_value_attribute": {"unit": "°C"}}
    point = source_of("temperature", "Ambient Temperature", **unit).point
    assert (point.name, point.has_class_name) == ("Temperature", True)
    named = source_of("temperature", "Cellar", **unit).point
    assert (named.name, named.has_class_name) == ("Cellar", False)
    both = sources_of({"temperature": "Temperature", "t2": "Temperature"}, **unit)
    names = sorted(source.point.name or "" for source in both.values())
    assert names == ["T2", "Temperature"]


@pytest.mark.parametrize(
    ("parent", "child", "name"),
    [
        ("Sensor Enable (Temperature)", "Sensor Enable (Humidity)", None),
        ("Humidity", "Humidity", "Sensor enable Humidity"),
        ("Sensors", "Humidity", "Sensors Humidity"),
        ("Humidity", "Humidity(Sensor Enable)", "Humidity (Sensor Enable)"),
    ],
)
def test_children_name_their_parent_once(
    parent: str, child: str, name: str | None
) -> None:
    names = {"sensor_enable": parent, "sensor_enable.humidity": child}
    if parent.startswith("Sensor Enable"):
        names["sensor_enable.temperature"] = parent
    found = sources_of(names)["sensor_enable.humidity"].point
    assert found.name == (name or child)


def test_long_names_keep_what_tells_them_apart() -> None:
    first = "periodic_reporting.integrated_control_for_heating_in_the_living_room"
    found = sources_of({f"{first}#valve_opening": "V", f"{first}#valve_closing": "V"})
    names = [source.point.name or "" for source in found.values()]
    assert all(len(name) <= 60 for name in names)
    assert sorted(name.split()[-1] for name in names) == ["closing", "opening"]


@pytest.mark.parametrize("server", SERVERS)
def test_every_option_can_be_set_and_is_read_back(server: str) -> None:
    """WT102 has an enum with three equal labels."""
    choices = 0
    for source in catalogue_of(server).sources.values():
        if source.point.kind is not Kind.STATE or source.point.options is None:
            continue
        choices += 1
        options = source.point.options
        assert len(set(options)) == len(options) == len(source.entity.labels)
        sent = [wire_value(source, option) for option in options]
        parse: Callable[..., object] = value_parser(source)
        assert [parse(value) for value in sent] == list(options)
    assert choices > 900


def test_equal_labels_are_told_apart_by_their_values() -> None:
    enum = {"0": "Reserved", "1": "Reserved", "2": "Reserved (1)", "3": "Reserved"}
    attribute = {"entity_value_attribute": {"enum": enum}, "entity_access_mod": "RW"}
    source = source_of("mode", "Mode", **attribute)
    options = source.point.options or ()
    assert len(set(options)) == 4
    assert [wire_value(source, option) for option in options] == [0, 1, 2, 3]


def test_known_labels_are_keys_and_others_the_words_of_the_server() -> None:
    enum = {"0": "Mon.", "1": "disable", "2": "UTC+5:30", "3": "Trigger"}
    source = source_of("x", "My choice", entity_value_attribute={"enum": enum})
    assert source.point.options == ("monday", "disabled", "UTC+5:30", "triggered")
    assert (source.point.name, source.point.translation_key) == ("My choice", "choice")


def test_labels_that_mean_the_same_stay_apart() -> None:
    enum = {"0": "close", "1": "closed"}
    source = source_of("x", "My choice", entity_value_attribute={"enum": enum})
    assert source.point.options == ("close", "closed")
    assert source.point.translation_key is None


def test_names_without_any_difference_get_numbers() -> None:
    found = sources_of({"a": "Same", "a.a": "Same", "a.a_a": "Same", "A": "Same"})
    names = [source.point.name or "" for source in found.values()]
    assert len({name.casefold() for name in names}) == 4


def test_translation_keys_are_unique() -> None:
    keys = [known.key for known in KNOWN_NAMES]
    assert len(keys) == len(set(keys))
