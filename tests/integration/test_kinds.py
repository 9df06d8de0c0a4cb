"""What a series holds is asked, and the answer loses neither entity nor history."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.attributes import import_attributes
from custom_components.metering_hub.history.recorder.copies import copy_statistic
from custom_components.metering_hub.history.recorder.recorder import (
    clear,
    recorded_metadata,
)
from custom_components.metering_hub.metering.model import Kind
from custom_components.metering_hub.questions.open_questions import contradiction_id
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component

from ..history.refusals import refusing
from .conftest import NOW, Tick, open_options, set_up, shown
from .series_server import SeriesServer, spec_of
from .test_history import Statistics, imported

HOURS = 48
START = NOW.replace(minute=0) - timedelta(hours=HOURS)
SENSOR = "sensor.site_series_1"
OTHER = "sensor.site_series_2"
WEEK = (
    "The lowest value of each of the last 49 hours with values: the first was 1000 kWh,"
    " the last 1096 kWh, the lowest 1000 kWh, the highest 1096 kWh. From one hour to"
    " the next they fell 0 times, by 0 kWh at most."
)
AUTOMATIC = dict.fromkeys(("kind", "quantity", "unit", "role"), "automatic")


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Record no states, and repeat refused writes at once."""
    return {
        "commit_interval": 0,
        "db_retry_wait": 0,
        "exclude": {"domains": ["sensor", "binary_sensor"]},
    }


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> SeriesServer:
    """Return a server with one series that is undecided."""
    server = SeriesServer(START, {1: Kind.UNDECIDED})
    monkeypatch.setitem(BACKENDS, "series", spec_of(server))
    return server


@pytest.fixture
def entry(hass: HomeAssistant, series: SeriesServer) -> MockConfigEntry:
    """Return an entry for the server that is not set up yet."""
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="Campaign",
        unique_id="series:campaign",
        data={"backend": "series", "url": "http://localhost"},
        options={"devices": ["site"], "known_devices": ["site"], "new_devices": True},
    )
    config_entry.add_to_hass(hass)
    return config_entry


def issues(hass: HomeAssistant) -> dict[str, Mapping[str, str]]:
    """Return the placeholders of the cards by translation key."""
    return {
        str(issue.translation_key): issue.translation_placeholders or {}
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active
    }


class Fix:
    """A repair flow that a person goes through."""

    def __init__(self, new_client: ClientSessionGenerator) -> None:
        """Initialize with a function that logs in to Home Assistant."""
        self._new_client = new_client
        self._path = ""

    async def start(self, issue_id: str) -> dict[str, Any]:
        """Open a card; return its first step."""
        self._client = await self._new_client()
        self._path = "/api/repairs/issues/fix"
        step = await self._post({"handler": DOMAIN, "issue_id": issue_id})
        self._path += f"/{step['flow_id']}"
        return step

    async def choose(self, option: str) -> dict[str, Any]:
        """Choose an option of a menu."""
        return await self._post({"next_step_id": option})

    async def submit(self, **values: str) -> dict[str, Any]:
        """Submit a form."""
        return await self._post(values)

    async def _post(self, body: dict[str, str]) -> dict[str, Any]:
        answer = await self._client.post(self._path, json=body)
        assert answer.status == HTTPStatus.OK, await answer.text()
        step: dict[str, Any] = await answer.json()
        return step


@pytest.fixture
async def fix(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Fix:
    """Return a repair flow that is not started."""
    assert await async_setup_component(hass, REPAIRS, {})
    return Fix(hass_client)


def changes(statistics: Statistics, key: str) -> list[float]:
    """Return the changes of the hours of a statistic."""
    return [row["change"] for row in statistics[key]]


def personalize(hass: HomeAssistant, entity_id: str = SENSOR) -> er.RegistryEntry:
    """Let a person name and place an entity, under an id of their own."""
    area = ar.async_get(hass).async_get_or_create("Cellar")
    return er.async_get(hass).async_update_entity(
        entity_id,
        name="My meter",
        area_id=area.id,
        icon="mdi:flash",
        new_entity_id="sensor.mine",
    )


def assert_moved(hass: HomeAssistant, before: er.RegistryEntry, key: str) -> None:
    """Check that an entity is the same one under another key, and the only one."""
    registry = er.async_get(hass)
    entity = registry.async_get("sensor.mine")
    assert entity is not None
    assert entity.unique_id == f"series:campaign_{key}"
    assert (entity.id, entity.name, entity.area_id, entity.icon) == (
        *(before.id, "My meter", before.area_id, "mdi:flash"),
    )
    assert not [each for each in registry.entities if each.endswith("_2")]


async def test_nobody_is_asked_about_a_series_without_values(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, tick: Tick
) -> None:
    """There is nothing to judge by; the card comes with the first values."""
    series.is_silent = True
    await set_up(hass, entry)
    assert not issues(hass)
    series.is_silent = False
    await tick(3601)
    assert issues(hass)["undecided_points"]["count"] == "1"


async def test_undecided_series_is_shown_but_not_counted(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """It is one plain sensor, and nothing of it is recorded as a statistic."""
    await set_up(hass, entry)
    assert await imported(hass, entry) == {}
    state = hass.states.get(SENSOR)
    assert state is not None
    assert state.state == "1096.0"
    assert state.attributes["unit_of_measurement"] == "kWh"
    assert not {"state_class", "device_class", "last_reset"} & state.attributes.keys()
    assert issues(hass) == {
        "undecided_points": {
            "title": "Campaign",
            "count": "1",
            "names": "Site Series 1",
        }
    }


async def test_answer_keeps_the_entity_and_imports_the_history(
    hass: HomeAssistant, entry: MockConfigEntry, fix: Fix
) -> None:
    """The only undecided series is asked at once, with its week in figures."""
    await set_up(hass, entry)
    before = personalize(hass)
    menu = await fix.start(f"undecided_points_{entry.entry_id}")
    assert menu["step_id"] == "kind"
    assert menu["menu_options"] == ["register", "interval", "instant", "later"]
    assert menu["description_placeholders"] == {
        "point": "My meter",
        "suggested": "Not certain",
        "week": WEEK,
    }
    assert (await fix.choose("register"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert entry.options["points"] == {"series_1": {"kind": "register"}}
    assert_moved(hass, before, "series_1_register")
    state = hass.states.get("sensor.mine")
    assert state is not None
    assert state.state == "1096.0"
    assert state.attributes["state_class"] == "total_increasing"
    assert changes(statistics, "series_1_register")[:HOURS] == [2.0] * HOURS
    assert issues(hass) == {}


async def test_answer_after_rows_of_another_kind(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    series: SeriesServer,
    contradicted: Statistics,
    fix: Fix,
) -> None:
    """Rows that were imported under a former key are not left or built upon."""
    series.kinds[1] = Kind.UNDECIDED
    await entry.runtime_data.inventory.async_refresh()
    assert await imported(hass, entry) == contradicted
    issue_id = f"undecided_points_{entry.entry_id}"
    await fix.start(issue_id)
    menu = await fix.choose("interval")
    assert menu["step_id"] == "change_kind"
    assert "series_1_amount: 49 hours" in menu["description_placeholders"]["recorded"]
    assert (await fix.choose("later"))["reason"] == "later"
    assert await imported(hass, entry) == contradicted
    await fix.start(issue_id)
    await fix.choose("register")
    assert (await fix.choose("change"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert statistics.keys() == {"series_1_register"}
    assert changes(statistics, "series_1_register")[:HOURS] == [2.0] * HOURS
    assert issues(hass) == {}


async def test_one_of_several(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, fix: Fix
) -> None:
    """The card stays for those that are left, and for who decides later."""
    series.kinds[2] = Kind.UNDECIDED
    series.suggested[2] = Kind.INTERVAL
    await set_up(hass, entry)
    issue_id = f"undecided_points_{entry.entry_id}"
    form = await fix.start(issue_id)
    assert form["step_id"] == "point"
    menu = await fix.submit(point="series_2")
    assert menu["description_placeholders"]["suggested"] == "Amounts per interval"
    assert (await fix.choose("interval"))["type"] == "create_entry"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.options["points"] == {"series_2": {"kind": "interval"}}
    assert issues(hass)["undecided_points"]["names"] == "Site Series 1"
    assert (await fix.start(issue_id))["step_id"] == "kind"
    left = await fix.choose("later")
    assert (left["type"], left["reason"]) == ("abort", "later")
    assert issues(hass)["undecided_points"]["count"] == "1"


async def test_nobody_is_asked_of_a_disabled_sensor(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Nobody misses its values."""
    await set_up(hass, entry)
    er.async_get(hass).async_update_entity(
        SENSOR, disabled_by=er.RegistryEntryDisabler.USER
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert issues(hass) == {}


async def test_card_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, fix: Fix
) -> None:
    """The card stays while the server is away, and goes with the entry."""
    await set_up(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    step = await fix.start(f"undecided_points_{entry.entry_id}")
    assert (step["type"], step["reason"]) == ("abort", "not_loaded")
    assert [*issues(hass)] == ["undecided_points"]
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == {}


@pytest.fixture
async def contradicted(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer
) -> Statistics:
    """Return the wrong history of a counter that was taken for amounts."""
    series.kinds[1] = Kind.INTERVAL
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    assert changes(statistics, "series_1_amount")[:2] == [1000.0, 1002.0]
    return statistics


async def contradict(
    hass: HomeAssistant, series: SeriesServer, entry: MockConfigEntry
) -> None:
    """Let the next inventory say that the values contradict the kind of the series."""
    series.suggested[1] = Kind.REGISTER
    await entry.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_withdrawn_verdict_is_changed_with_consent(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    series: SeriesServer,
    contradicted: Statistics,
    fix: Fix,
) -> None:
    """What is deleted is shown before; a copy is kept, and the import begins again."""
    before = personalize(hass)
    await contradict(hass, series, entry)
    assert issues(hass) == {
        "kind_contradicted": {"title": "Campaign", "point": "My meter"}
    }
    old = (await imported(hass, entry))["series_1_amount"]
    prefix = entry.runtime_data.history.prefix
    menu = await fix.start(contradiction_id(entry.entry_id, "series_1_amount"))
    assert menu["menu_options"] == ["change", "change_with_copy", "keep"]
    given = menu["description_placeholders"]
    assert (given["kind"], given["suggested"]) == (
        *("Amounts per interval", "Positions of a meter"),
    )
    assert given["week"] == WEEK
    assert given["recorded"].strip() == (
        f"- {prefix}series_1_amount: {len(old)} hours, 2026-11-19 to 2026-11-21"
    )
    assert (await fix.choose("change_with_copy"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert statistics.keys() == {"series_1_amount_old", "series_1_register"}
    assert statistics["series_1_amount_old"] == old
    copy_id = f"{prefix}series_1_amount_old"
    metadata = (await recorded_metadata(hass, {copy_id}))[copy_id]
    assert metadata["name"] == "Series 1 · Site (before the change)"
    assert changes(statistics, "series_1_register")[:HOURS] == [2.0] * HOURS
    assert entry.options["points"] == {"series_1_amount": {"kind": "register"}}
    assert_moved(hass, before, "series_1_register")
    assert shown(hass, "sensor.mine") == "1096.0"
    assert issues(hass) == {}


async def test_second_copy_has_another_id(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    contradicted: Statistics,
) -> None:
    """No copy replaces an earlier one."""
    prefix = entry.runtime_data.history.prefix
    for number in ("", "_2", "_3"):
        copy = await copy_statistic(hass, f"{prefix}series_1_amount", "note")
        assert copy == f"{prefix}series_1_amount_old{number}"


async def test_withdrawn_verdict_is_changed_without_a_copy(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    series: SeriesServer,
    contradicted: Statistics,
    fix: Fix,
) -> None:
    """Nothing of the old statistic is left."""
    await contradict(hass, series, entry)
    await fix.start(contradiction_id(entry.entry_id, "series_1_amount"))
    assert (await fix.choose("change"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert statistics.keys() == {"series_1_register"}
    await entry.runtime_data.history.qualities.async_load()
    assert entry.runtime_data.history.qualities.span("series_1_amount") is None


async def test_verdict_is_kept(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    series: SeriesServer,
    contradicted: Statistics,
    fix: Fix,
    tick: Tick,
) -> None:
    """Nothing is deleted, and nobody is asked again."""
    await contradict(hass, series, entry)
    before = await imported(hass, entry)
    await fix.start(contradiction_id(entry.entry_id, "series_1_amount"))
    assert (await fix.choose("keep"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert entry.options["points"] == {"series_1_amount": {"kind": "interval"}}
    assert statistics["series_1_amount"][:HOURS] == before["series_1_amount"][:HOURS]
    await tick(3600)
    assert issues(hass) == {}


async def test_contradiction_that_ends(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    series: SeriesServer,
    contradicted: Statistics,
    tick: Tick,
) -> None:
    """The card goes without an answer."""
    await contradict(hass, series, entry)
    assert [*issues(hass)] == ["kind_contradicted"]
    series.suggested.clear()
    await tick(3600)
    assert issues(hass) == {}


async def test_kind_is_found_out_while_the_entry_is_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, tick: Tick
) -> None:
    """The entity moves to the new key, and is not removed and added again."""
    await set_up(hass, entry)
    before = personalize(hass)
    await hass.async_block_till_done()
    removed = []
    hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED,
        lambda event: (
            removed.append(event.data) if event.data["action"] != "update" else None
        ),
    )
    series.kinds[1] = Kind.REGISTER
    await tick(3600)
    statistics = await imported(hass, entry)
    assert_moved(hass, before, "series_1_register")
    assert removed == []
    assert shown(hass, "sensor.mine") == "1098.0"
    assert changes(statistics, "series_1_register")[:HOURS] == [2.0] * HOURS
    assert issues(hass) == {}


async def test_entity_that_is_registered_under_the_new_key_stays(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, tick: Tick
) -> None:
    """The one under the former key is gone, and removed as such."""
    registry = er.async_get(hass)
    await set_up(hass, entry)
    kept = registry.async_get_or_create(
        "sensor", DOMAIN, "series:campaign_series_1_register", config_entry=entry
    )
    series.kinds[1] = Kind.REGISTER
    for _ in range(4):
        await tick(3600)
        await hass.async_block_till_done(wait_background_tasks=True)
    found = er.async_entries_for_config_entry(registry, entry.entry_id)
    ids = {e.unique_id: e.entity_id for e in found if "series_1" in e.unique_id}
    assert ids == {"series:campaign_series_1_register": kept.entity_id}


@pytest.fixture
async def measured(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer
) -> Statistics:
    """Return the means of a counter; its key stays, and it is a register from now on.

    It has a neighbor that was a register all the time.
    """
    series.has_kinds_in_keys = False
    series.kinds |= {1: Kind.INSTANT, 2: Kind.REGISTER}
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    assert statistics["series_1"][0]["mean"] == 1000.0
    series.kinds[1] = Kind.REGISTER
    await hass.config_entries.async_reload(entry.entry_id)
    await imported(hass, entry)
    return statistics


def means(statistics: Statistics) -> list[tuple[object, ...]]:
    """Return the rows of the first series as means, without its newest hour."""
    cells = ("start", "mean", "min", "max", "sum")
    return [tuple(row[cell] for cell in cells) for row in statistics["series_1"]][:-1]


async def test_nothing_is_added_to_rows_of_another_kind(
    hass: HomeAssistant, entry: MockConfigEntry, measured: Statistics, tick: Tick
) -> None:
    """The card says so, and the import, which goes on with the rest."""
    await tick(3600)
    answer = await hass.services.async_call(
        DOMAIN,
        "import_history",
        {"entry": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    assert answer["left_out"] == ["series_1"]
    statistics = await imported(hass, entry)
    assert statistics["series_1"] == measured["series_1"]
    assert len(statistics["series_2"]) > len(measured["series_2"])
    assert issues(hass) == {
        "kind_contradicted": {"title": "Campaign", "point": "Site Series 1"}
    }
    progress = entry.runtime_data.history.data
    assert (progress.state, progress.percent) == ("incomplete", 50)
    assert import_attributes(progress, {})["left_out"] == [
        "Series 1 \N{MIDDLE DOT} Site"
    ]


async def test_rows_of_another_kind_are_replaced_with_consent(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    measured: Statistics,
    fix: Fix,
) -> None:
    """They are shown and copied, and the sums are exact."""
    menu = await fix.start(contradiction_id(entry.entry_id, "series_1"))
    assert menu["menu_options"] == ["change", "change_with_copy", "keep"]
    given = menu["description_placeholders"]
    assert (given["kind"], given["suggested"]) == (
        *("Measured values", "Positions of a meter"),
    )
    assert given["week"].startswith("What is recorded is of the first kind")
    assert "series_1: 49 hours" in given["recorded"]
    assert (await fix.choose("change_with_copy"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert changes(statistics, "series_1")[:HOURS] == [2.0] * HOURS
    assert {row["mean"] for row in statistics["series_1"]} == {None}
    copied = statistics["series_1_old"]
    assert [row["mean"] for row in copied] == [
        row["mean"] for row in measured["series_1"]
    ]
    assert issues(hass) == {}
    progress = entry.runtime_data.history.data
    assert (progress.state, progress.left_out) == ("up_to_date", ())


async def test_rows_of_another_kind_are_kept(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    measured: Statistics,
    fix: Fix,
) -> None:
    """The point is measured again, and its means go on."""
    await fix.start(contradiction_id(entry.entry_id, "series_1"))
    assert (await fix.choose("keep"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert entry.options["points"] == {"series_1": {"kind": "instant"}}
    assert means(statistics)[: len(means(measured))] == means(measured)
    state = hass.states.get(SENSOR)
    assert state is not None
    assert state.attributes["state_class"] == "measurement"
    assert issues(hass) == {}


async def test_options_keep_rows_of_another_kind(
    hass: HomeAssistant, entry: MockConfigEntry, measured: Statistics
) -> None:
    """To choose their kind deletes nothing, so nothing is asked."""
    step = await say(hass, entry, "series_1", kind="instant")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    statistics = await imported(hass, entry)
    assert means(statistics)[: len(means(measured))] == means(measured)
    assert issues(hass) == {}


async def test_rows_of_another_kind_that_were_deleted_by_hand(
    hass: HomeAssistant, entry: MockConfigEntry, measured: Statistics, tick: Tick
) -> None:
    """The card goes without an answer, and the sums are imported."""
    await clear(hass, [f"{entry.runtime_data.history.prefix}series_1"])
    await tick(3600)
    statistics = await imported(hass, entry)
    assert changes(statistics, "series_1")[:HOURS] == [2.0] * HOURS
    assert issues(hass) == {}


@pytest.mark.parametrize("kind", [Kind.REGISTER, Kind.INTERVAL])
async def test_sums_of_what_is_measured_now(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    series: SeriesServer,
    fix: Fix,
    kind: Kind,
) -> None:
    """Their rows tell whether they are of positions or of amounts."""
    series.has_kinds_in_keys = False
    series.kinds[1] = kind
    await set_up(hass, entry)
    before = changes(await imported(hass, entry), "series_1")
    series.kinds[1] = Kind.INSTANT
    await hass.config_entries.async_reload(entry.entry_id)
    assert changes(await imported(hass, entry), "series_1") == before
    await fix.start(contradiction_id(entry.entry_id, "series_1"))
    assert (await fix.choose("keep"))["type"] == "create_entry"
    statistics = await imported(hass, entry)
    assert entry.options["points"] == {"series_1": {"kind": kind.value}}
    assert changes(statistics, "series_1")[:HOURS] == before[:HOURS]


async def say(
    hass: HomeAssistant, entry: MockConfigEntry, key: str, **choices: str
) -> ConfigFlowResult:
    """Say in the options what a point is; return the step that follows."""
    configure = hass.config_entries.options.async_configure
    form = await open_options(hass, entry, "points")
    form = await configure(form["flow_id"], {**form["data_schema"]({}), "point": key})
    assert form["step_id"] == "point"
    return await configure(form["flow_id"], {**form["data_schema"]({}), **choices})


async def test_options_ask_of_an_undecided_series(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """There is no history to delete, so the answer is saved at once."""
    await set_up(hass, entry)
    configure = hass.config_entries.options.async_configure
    form = await open_options(hass, entry, "points")
    labels = form["data_schema"].schema["point"].config["options"]
    assert labels == [{"value": "series_1", "label": "Site Series 1"}]
    form = await configure(form["flow_id"], {"point": "series_1"})
    assert form["data_schema"]({}) == AUTOMATIC
    assert form["description_placeholders"] == {
        "point": "Site Series 1",
        "kind": "Not certain",
        "unit": "kWh",
        "week": WEEK,
    }
    chosen = {**AUTOMATIC, "kind": "interval", "role": "none"}
    step = await configure(form["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    statistics = await imported(hass, entry)
    settings = {"kind": "interval", "role": "none"}
    assert entry.options["points"] == {"series_1": settings}
    assert statistics.keys() == {"series_1_amount"}
    point = entry.runtime_data.inventory.data.points["series_1_amount"]
    assert point.role is None


async def test_settings_move_to_the_key_that_the_point_has_now(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A later answer does not leave the first one under the former key."""
    await set_up(hass, entry)
    await say(hass, entry, "series_1", kind="register")
    await imported(hass, entry)
    step = await say(hass, entry, "series_1_register", role="solar")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    settings = {"kind": "register", "role": "solar"}
    assert entry.options["points"] == {"series_1_register": settings}


async def test_options_ask_before_history_is_deleted(
    hass: HomeAssistant, entry: MockConfigEntry, contradicted: Statistics
) -> None:
    """The person may go back, and then nothing has happened."""
    configure = hass.config_entries.options.async_configure
    menu = await say(hass, entry, "series_1_amount", kind="register", unit="MWh")
    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "change_kind")
    assert "series_1_amount: 49 hours" in menu["description_placeholders"]["recorded"]
    form = await configure(menu["flow_id"], {"next_step_id": "point"})
    assert form["data_schema"]({}) == {**AUTOMATIC, "kind": "register", "unit": "MWh"}
    assert await imported(hass, entry) == contradicted
    assert "points" not in entry.options
    menu = await configure(form["flow_id"], {**AUTOMATIC, "kind": "register"})
    step = await configure(menu["flow_id"], {"next_step_id": "change"})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    statistics = await imported(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.options["points"] == {"series_1_amount": {"kind": "register"}}
    assert statistics.keys() == {"series_1_register"}
    assert changes(statistics, "series_1_register")[:HOURS] == [2.0] * HOURS


async def test_copy_that_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, contradicted: Statistics
) -> None:
    """Without a proven copy nothing is deleted, and nothing is changed."""
    menu = await say(hass, entry, "series_1_amount", kind="register")
    with (
        refusing(hass, lambda *_: True),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await hass.config_entries.options.async_configure(
            menu["flow_id"], {"next_step_id": "change_with_copy"}
        )
    assert raised.value.translation_key == "not_stored"
    statistics = await imported(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert "points" not in entry.options
    assert statistics["series_1_amount"] == contradicted["series_1_amount"]


async def test_copy_of_measured_values(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer
) -> None:
    """A counter whose positions were averaged becomes a register."""
    series.kinds[1] = Kind.INSTANT
    await set_up(hass, entry)
    old = (await imported(hass, entry))["series_1_mean"]
    assert old[0]["mean"] == 1000.0
    menu = await say(hass, entry, "series_1_mean", kind="register")
    step = await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "change_with_copy"}
    )
    assert step["type"] is FlowResultType.CREATE_ENTRY
    statistics = await imported(hass, entry)
    assert statistics.keys() == {"series_1_mean_old", "series_1_register"}
    cells = ("start", "mean", "min", "max")
    copied = [[row[cell] for cell in cells] for row in statistics["series_1_mean_old"]]
    assert copied == [[row[cell] for cell in cells] for row in old]
    assert changes(statistics, "series_1_register")[:HOURS] == [2.0] * HOURS


async def test_corrected_unit_is_another_label(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer
) -> None:
    """Neither rows nor readings are converted, now or when the choice is undone."""
    series.kinds[1], series.unit = Kind.REGISTER, "Wh"
    await set_up(hass, entry)
    before = (await imported(hass, entry))["series_1_register"]
    for choice, unit in (("kWh", "kWh"), ("MWh", "MWh"), ("automatic", "Wh")):
        step = await say(hass, entry, "series_1_register", unit=choice)
        assert step["type"] is FlowResultType.CREATE_ENTRY
        assert (await imported(hass, entry))["series_1_register"] == before
        statistic_id = f"{entry.runtime_data.history.prefix}series_1_register"
        metadata = (await recorded_metadata(hass, {statistic_id}))[statistic_id]
        assert metadata["unit_of_measurement"] == unit
    assert "points" not in entry.options


async def test_unit_that_the_server_changes_is_converted(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, tick: Tick
) -> None:
    """Only what a person has corrected is not."""
    series.kinds[1], series.unit = Kind.REGISTER, "kWh"
    await set_up(hass, entry)
    assert changes(await imported(hass, entry), "series_1_register")[0] == 2.0
    series.unit, series.start = "Wh", NOW
    await tick(3600)
    statistics = await imported(hass, entry)
    assert changes(statistics, "series_1_register")[0] == 2000.0


async def test_unit_that_home_assistant_does_not_know(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The form says so, and keeps what was chosen."""
    await set_up(hass, entry)
    form = await say(hass, entry, "series_1", quantity="gas")
    assert form["errors"] == {"unit": "unit_does_not_fit"}
    step = await hass.config_entries.options.async_configure(
        form["flow_id"], {**AUTOMATIC, "quantity": "gas", "unit": "m³"}
    )
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    state = hass.states.get(SENSOR)
    assert state is not None
    assert state.attributes["unit_of_measurement"] == "m³"


async def test_diagnostics_have_the_questions_without_names(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await set_up(hass, entry)
    shown_data = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert shown_data["inventory"]["questions"] == {"undecided": 1}
    assert "Series 1" not in str(shown_data)
