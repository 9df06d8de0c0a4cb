"""The views that the dashboard strategy makes of a Home Assistant."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import shutil
import subprocess
from typing import Any

import pytest

from custom_components.metering_hub.frontend import STRATEGY

TRANSLATIONS = STRATEGY.parents[1] / "translations"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None, reason="JavaScript needs node; the browser tests run it in Chromium"
)

# What the strategy uses of a browser and of the frontend's `hass`.
RUN = """
import { readFileSync } from "node:fs";
globalThis.window = globalThis;
globalThis.HTMLElement = class {};
const frontend = { loadBackendTranslation: () => {}, localize: (key) => key };
globalThis.document = { querySelector: () => ({ hass: frontend }) };
const defined = new Map();
globalThis.customElements = {
  get: (tag) => defined.get(tag),
  define: (tag, it) => defined.set(tag, it),
};
await import("./strategy.mjs");
await import("./strategy.mjs?again");
const given = JSON.parse(readFileSync(0, "utf-8"));
const hass = {
  ...given,
  loadBackendTranslation: async (category, domain, waiting = given.late-- > 0) =>
    (key, values = {}) => {
    const prefix = `component.${domain}.${category}.`;
    if (waiting) return "";
    const text = given.texts[key.slice(prefix.length)];
    const isKnown = key.startsWith(prefix) && text !== undefined;
    if (!isKnown) throw new Error(`no text ${key}`);
    return text.replace(/\\{(\\w+)\\}/g, (_, name) => values[name]);
  },
  callWS: async ({ type }) => {
    if (!(type in given.answers)) throw { code: "not_found" };
    return given.answers[type];
  },
};
const strategy = defined.get("ll-strategy-dashboard-metering-hub");
const config = await strategy.generate({}, hass);
const suggested = strategy.getCreateSuggestions(hass);
const offered = window.customStrategies;
console.log(JSON.stringify({ config, offered, suggested }));
"""

type Json = dict[str, Any]


class Home:
    """What a browser knows of a Home Assistant."""

    def __init__(self, language: str = "en", *, is_admin: bool = True) -> None:
        """Initialize a home without meters."""
        file = TRANSLATIONS / f"{language}.json"
        self.hass: Json = {
            "texts": json.loads(file.read_text(encoding="utf-8"))["common"],
            "locale": {"language": language},
            "user": {"is_admin": is_admin},
            "entities": {},
            "devices": {},
            "states": {},
            "answers": {},
            # How often the texts have not arrived yet.
            "late": 0,
        }

    def device(
        self, key: str, name: str, above: str | None = None, entry: str = "entry"
    ) -> None:
        """Add a device of an entry."""
        self.hass["devices"][key] = {
            "id": key,
            "name": name,
            "via_device_id": above,
            "primary_config_entry": entry,
        }

    def entity(
        self, entity_id: str, device: str, kind: str | None = None, **registry: object
    ) -> None:
        """Add an entity with a state of a device class."""
        self.hass["entities"][entity_id] = {
            "entity_id": entity_id,
            "device_id": device,
            "platform": "metering_hub",
            **registry,
        }
        attributes = {"device_class": kind}
        self.hass["states"][entity_id] = {"state": "1", "attributes": attributes}

    def statistics(self, *known: tuple[str, str, str]) -> None:
        """Add statistics: key, name and unit."""
        self.hass["answers"]["recorder/list_statistic_ids"] = [
            {
                "statistic_id": key,
                "name": name,
                "statistics_unit_of_measurement": unit,
                "has_sum": True,
            }
            for key, name, unit in known
        ]

    def dashboard(self, folder: Path) -> Json:
        """Return what the strategy makes of it."""
        shutil.copy(STRATEGY, folder / "strategy.mjs")
        (folder / "run.mjs").write_text(RUN, encoding="utf-8")
        assert NODE is not None
        done = subprocess.run(  # noqa: S603 -- The program is our own.
            [NODE, str(folder / "run.mjs")],
            input=json.dumps(self.hass),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not done.returncode, done.stderr
        answer: Json = json.loads(done.stdout)
        return answer

    def views(self, folder: Path) -> dict[str, Json]:
        """Return the views by path."""
        views = self.dashboard(folder)["config"]["views"]
        return {view["path"]: view for view in views}


def cards_of(view: Mapping[str, Any]) -> Iterator[Json]:
    """Yield the cards of all sections."""
    for section in view["sections"]:
        yield from section["cards"]


def tiles_of(view: Mapping[str, Any]) -> list[str]:
    """Return the entities of a view's tiles."""
    return [card["entity"] for card in cards_of(view) if card["type"] == "tile"]


def headings_of(view: Mapping[str, Any]) -> list[str]:
    """Return the headings of a view."""
    return [card["heading"] for card in cards_of(view) if card["type"] == "heading"]


def smart_meter(language: str = "en", *, is_admin: bool = True) -> Home:
    """Return a home with a smart meter and its gas meter."""
    home = Home(language, is_admin=is_admin)
    home.device("electricity", "Meter")
    home.device("gas", "Meter gas", "electricity")
    home.entity("sensor.cost", "electricity", "monetary", translation_key="cost_today")
    home.entity("sensor.power", "electricity", "power")
    home.entity("sensor.position", "gas", "gas")
    home.entity(
        "sensor.quality",
        "electricity",
        None,
        entity_category=1,
        translation_key="data_quality",
    )
    home.statistics(
        ("metering_hub:a_1", "Delivered, low tariff · Meter", "kWh"),
        ("metering_hub:a_import_total", "Delivered, both tariffs · Meter", "kWh"),
        ("metering_hub:a_1_cost", "Delivered, low tariff · Meter (cost)", "EUR"),
        ("metering_hub:a_gas", "Meter reading · Meter gas", "m³"),
        ("metering_hub:a_fixed_cost", "Fixed cost · Server", "EUR"),
        ("sensor.power", "Meter Power", "kW"),
    )
    return home


def test_it_is_offered_once_under_a_name(tmp_path: Path) -> None:
    answer = smart_meter().dashboard(tmp_path)
    (offered,) = answer["offered"]
    assert offered["type"] == "metering-hub"
    assert offered["strategyType"] == "dashboard"
    assert (
        offered["description"] == "component.metering_hub.common.dashboard_description"
    )
    assert answer["suggested"]["title"] == offered["name"] == "Metering Hub"


def test_without_a_meter_it_says_how_to_add_one(tmp_path: Path) -> None:
    home = Home("de")
    home.entity("sensor.other", "none", platform="other")
    (view,) = home.views(tmp_path).values()
    (card,) = cards_of(view)
    assert card["content"].startswith("Es gibt noch keine Zähler.")


def test_it_waits_for_texts_that_have_been_asked_for(tmp_path: Path) -> None:
    home = smart_meter()
    home.hass["late"] = 3
    assert home.views(tmp_path)["overview"]["title"] == "Overview"


def test_a_server_has_a_view_with_a_section_for_each_meter(tmp_path: Path) -> None:
    views = smart_meter().views(tmp_path)
    assert [*views] == ["overview", "entry", "data-quality"]
    assert views["entry"]["title"] == "Meter"
    assert headings_of(views["entry"]) == ["Meter", "Meter gas"]
    assert tiles_of(views["entry"]) == [
        "sensor.power",
        "sensor.cost",
        "sensor.position",
    ]
    assert tiles_of(views["overview"]) == ["sensor.power"]
    assert tiles_of(views["data-quality"]) == ["sensor.quality"]


def test_graphs_show_the_whole_history_of_each_meter_by_unit(tmp_path: Path) -> None:
    views = smart_meter().views(tmp_path)
    graphs = [
        (card["title"], [(each["entity"], each["name"]) for each in card["entities"]])
        for view in views.values()
        for card in cards_of(view)
        if card["type"] == "statistics-graph" and card["period"] == "day"
    ]
    low = "Delivered, low tariff"
    assert graphs == [
        # A statistic of no meter is not lost.
        ("By day (EUR)", [("metering_hub:a_fixed_cost", "Fixed cost · Server")]),
        # The sum of the tariffs would count twice beside them.
        ("By day (kWh)", [("metering_hub:a_1", low)]),
        ("By day (EUR)", [("metering_hub:a_1_cost", f"{low} (cost)")]),
        ("By day (m³)", [("metering_hub:a_gas", "Meter reading")]),
    ]


def graphs_by_meter(views: Mapping[str, Json]) -> dict[tuple[str, str], list[str]]:
    """Return the names in the graphs by day, by the path and heading above them."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, view in views.items():
        heading = ""
        for card in cards_of(view):
            heading = card.get("heading", heading)
            if card["type"] == "statistics-graph" and card["period"] == "day":
                names = found.setdefault((path, heading), [])
                names.extend(each["name"] for each in card["entities"])
    return found


def test_a_statistic_is_at_the_meter_that_is_named_behind_it(tmp_path: Path) -> None:
    home = Home()
    for key, name in (("gas", "Gas"), ("meter", "Meter"), ("named", "Heat")):
        home.device(key, name)
        home.entity(f"sensor.{key}", key, "power")
    home.statistics(
        # The name of another meter is the beginning of what is measured.
        ("metering_hub:a_gas", "Meter reading · Gas", "m³"),
        ("metering_hub:a_meter", "Delivered · Meter", "kWh"),
        # A person named the entity.
        ("metering_hub:a_heat", "Heat Of the cellar", "GJ"),
        ("metering_hub:a_other", "Delivered · Metering pump", "kWh"),
    )
    assert graphs_by_meter(home.views(tmp_path)) == {
        ("overview", "Other statistics"): ["Delivered · Metering pump"],
        ("entry", "Gas"): ["Meter reading"],
        ("entry", "Heat"): ["Of the cellar"],
        ("entry", "Meter"): ["Delivered"],
    }


def test_the_statistics_of_two_servers_of_a_kind_are_at_their_own(
    tmp_path: Path,
) -> None:
    home = Home()
    statistics = []
    for entry, title in (("a", "besmart"), ("b", "besmart - Farm")):
        home.device(f"{entry}_server", title, entry=entry)
        home.device(f"{entry}_meter", "Meter", f"{entry}_server", entry)
        home.entity(f"sensor.{entry}", f"{entry}_meter", "power")
        name = f"Delivered · Meter · {title}"
        statistics += [
            (f"metering_hub:{entry}_1", name, "kWh"),
            (f"metering_hub:{entry}_1_cost", f"{name} (cost)", "EUR"),
        ]
    home.statistics(*statistics)
    assert graphs_by_meter(home.views(tmp_path)) == {
        ("a", "Meter"): ["Delivered", "Delivered (cost)"],
        ("b", "Meter"): ["Delivered", "Delivered (cost)"],
    }


def test_a_server_is_named_after_its_own_device(tmp_path: Path) -> None:
    home = smart_meter()
    home.device("server", "DSMR-reader")
    home.hass["devices"]["electricity"]["via_device_id"] = "server"
    # The import is an entity of the meter here, and of the server elsewhere.
    home.entity(
        "sensor.history",
        "electricity",
        entity_category=1,
        translation_key="history_import",
    )
    views = home.views(tmp_path)
    assert views["entry"]["title"] == "DSMR-reader"
    assert headings_of(views["data-quality"]) == ["DSMR-reader"]


def test_power_is_named_by_what_tells_it_apart(tmp_path: Path) -> None:
    def names(home: Home) -> list[object]:
        """Return the names of the tiles on the overview."""
        cards = cards_of(home.views(tmp_path)["overview"])
        return [card["name"] for card in cards if card["type"] == "tile"]

    entity, device = {"type": "entity"}, {"type": "device"}
    home = smart_meter()
    home.entity("sensor.returned", "electricity", "power")
    assert names(home) == [entity, entity]
    home.device("plug", "Plug")
    home.entity("sensor.plug", "plug", "power")
    assert names(home) == [[entity, device], [entity, device], device]


def test_a_tile_with_a_long_name_is_wide(tmp_path: Path) -> None:
    home = smart_meter()
    home.entity("sensor.month", "gas", name="Gas cost this month")
    home.entity("sensor.short", "gas", name="Gas price")
    tiles = {
        card["entity"]: card.get("grid_options")
        for card in cards_of(home.views(tmp_path)["entry"])
        if card["type"] == "tile"
    }
    assert tiles["sensor.month"] == {"columns": "full"}
    assert tiles["sensor.short"] is None


def test_a_hidden_or_disabled_entity_is_left_out(tmp_path: Path) -> None:
    home = smart_meter()
    home.entity("sensor.hidden", "gas", "power", hidden=True)
    home.entity("sensor.disabled", "gas", "power")
    del home.hass["states"]["sensor.disabled"]
    views = home.views(tmp_path)
    shown = {tile for view in views.values() for tile in tiles_of(view)}
    assert not shown & {"sensor.hidden", "sensor.disabled"}


def test_only_an_administrator_is_led_to_the_page_of_a_device(tmp_path: Path) -> None:
    def actions(*, is_admin: bool) -> list[object]:
        """Return what clicks on the headings of meters do."""
        view = smart_meter(is_admin=is_admin).views(tmp_path)["entry"]
        cards = [card for card in cards_of(view) if card["type"] == "heading"]
        return [card.get("tap_action", {}).get("navigation_path") for card in cards]

    pages = ["/config/devices/device/electricity", "/config/devices/device/gas"]
    assert actions(is_admin=True) == pages
    assert actions(is_admin=False) == [None, None]


@pytest.mark.parametrize(
    ("preferences", "types"),
    [
        (None, set()),
        ({"energy_sources": [], "device_consumption": []}, set()),
        (
            {"energy_sources": [{"type": "gas"}], "device_consumption": []},
            {"energy-date-selection", "energy-distribution", "energy-sources-table"},
        ),
        (
            {
                "energy_sources": [{"type": "grid", "stat_rate": "sensor.power"}],
                "device_consumption": [{"stat_consumption": "a"}],
            },
            {
                *("energy-date-selection", "energy-distribution"),
                *("energy-sources-table", "energy-usage-graph"),
                *("power-sankey", "energy-devices-graph"),
            },
        ),
    ],
)
def test_energy_cards_are_only_shown_for_what_they_need(
    preferences: Json | None, types: set[str], tmp_path: Path
) -> None:
    home = smart_meter()
    if preferences is not None:
        home.hass["answers"]["energy/get_prefs"] = preferences
    cards = cards_of(home.views(tmp_path)["overview"])
    energy = {
        card["type"] for card in cards if card["type"].startswith(("energy-", "power-"))
    }
    assert energy == types


def test_a_thousand_entities_are_bounded_and_the_rest_is_counted(
    tmp_path: Path,
) -> None:
    home = Home("nl")
    home.device("server", "Server")
    for number in range(50):
        home.device(f"d{number}", f"Meter {number}", "server")
        for each in range(20):
            home.entity(f"sensor.d{number}_{each}", f"d{number}", "power")
    views = home.views(tmp_path)
    # Devices are in the order in which people count.
    assert headings_of(views["entry"]) == [f"Meter {number}" for number in range(40)]
    assert len(tiles_of(views["entry"])) == 40 * 16
    (more,) = {
        card["content"]
        for card in cards_of(views["entry"])
        if card["type"] == "markdown"
    }
    assert more == "Meer entiteiten op de pagina van het apparaat: 4"
    assert views["entry"]["title"] == "Server"
    assert len(tiles_of(views["overview"])) == 8
