"""The dashboards of docs/dashboards only use what every Home Assistant has."""

from collections.abc import Iterator, Mapping
import re
from typing import Any

import pytest

from demo.dashboard import DATA_QUALITY, FILES, GENERAL, named
from homeassistant.util.yaml import load_yaml_dict

NAMES = sorted(file.stem for file in FILES.glob("*.yaml"))

# Available in Home Assistant 2026.9 and 2026.11.
CARDS = {
    *("distribution", "gauge", "heading", "markdown", "statistic", "statistics-graph"),
    *("tile", "energy-date-selection", "energy-devices-graph", "energy-distribution"),
    *("energy-grid-neutrality-gauge", "energy-self-sufficiency-gauge"),
    *("energy-sources-table", "energy-usage-graph", "power-sankey"),
}
BADGES = {"entity", "power-total"}
FEATURES = {"bar-gauge", "target-temperature", "toggle", "trend-graph"}

type Part = Mapping[str, Any]


def view_of(name: str) -> Part:
    """Return the only view of a file."""
    (view,) = load_yaml_dict(FILES / f"{name}.yaml")["views"]
    return view


def cards_of(view: Part) -> Iterator[Part]:
    """Yield the cards of all sections."""
    for section in view["sections"]:
        assert section["type"] == "grid"
        yield from section["cards"]


def test_there_are_general_files_and_one_for_each_backend() -> None:
    backends = FILES.parents[1] / "custom_components" / "metering_hub" / "backends"
    wanted = {folder.parent.name for folder in backends.glob("*/client.py")}
    assert wanted, "backends have a client each"
    assert set(NAMES) == {*GENERAL, *wanted}


@pytest.mark.parametrize("name", NAMES)
def test_only_home_assistants_own_parts_are_used(name: str) -> None:
    view = view_of(name)
    cards = [*cards_of(view)]
    assert {card["type"] for card in cards} <= CARDS
    assert {badge["type"] for badge in view["badges"]} <= BADGES
    features = {
        feature["type"] for card in cards for feature in card.get("features", ())
    }
    assert features <= FEATURES


@pytest.mark.parametrize("name", NAMES)
def test_every_section_has_a_heading_with_an_icon(name: str) -> None:
    view = view_of(name)
    headings = [section["cards"][0] for section in view["sections"]]
    assert [heading["type"] for heading in headings] == ["heading"] * len(headings)
    assert all(heading["icon"].startswith("mdi:") for heading in headings)
    assert name == DATA_QUALITY or headings[-1]["heading"] == "Data quality"


@pytest.mark.parametrize("name", NAMES)
def test_graphs_ask_for_what_their_statistics_have(name: str) -> None:
    for card in cards_of(view_of(name)):
        if card["type"] == "statistics-graph":
            assert card["stat_types"] in ("change", "mean"), card["title"]
            assert card["period"] in ("hour", "day", "month"), card["title"]


@pytest.mark.parametrize("name", NAMES)
def test_the_comment_of_a_file_explains_what_to_replace(name: str) -> None:
    text = (FILES / f"{name}.yaml").read_text()
    head = text.partition("title:")[0]
    assert head.startswith("# Metering Hub, ")
    needs_scope = any("_SCOPE_" in each for each in named(view_of(name)))
    assert bool(re.search(r"^#   SCOPE ", head, re.MULTILINE)) is needs_scope
