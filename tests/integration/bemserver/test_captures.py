"""Recorded answers of a real BEMServer, byte for byte."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
import json
from urllib.parse import parse_qsl, urlsplit

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests.captures import Capture, ReplayRequest, ReplayServer, bemserver, replay_app

# When they were recorded.
NOW = datetime(2026, 11, 21, 2, 28, 23, tzinfo=UTC)
PASSWORD = "reader-pass-1"  # Of the recorded server.

# The capture that matches the integration's request, where there are several.
ANSWERS = {
    "/about/": "about",
    "/users/": "users_self",
    "/campaigns/": "campaigns",
    "/campaign_scopes/": "campaign_scopes",
    "/sites/": "sites",
    "/buildings/": "buildings",
    "/storeys/": "storeys",
    "/spaces/": "spaces",
    "/zones/": "zones",
    "/timeseries_by_sites/": "timeseries_by_sites",
    "/timeseries_by_buildings/": "timeseries_by_buildings",
    "/timeseries_by_spaces/": "timeseries_by_spaces",
    "/timeseries_properties/": "timeseries_properties",
    "/timeseries_property_data/": "timeseries_property_data",
    "/timeseries_data_states/": "timeseries_data_states",
    "/energies/": "energies",
    "/energy_end_uses/": "energy_end_uses",
    "/energy_production_technologies/": "energy_production_technologies",
    "/event_categories/": "event_categories",
    "/weather_timeseries_by_sites/": "weather_timeseries_by_sites",
    "/notifications/": "notifications",
    "/notifications/count_by_campaign": "notifications_count",
    "/events/": "events_filtered",
    "/sites/1/degree_days": "degree_days_day",
    "/timeseries_data/": "data_json_2h",
    **{
        f"/energy_{what}_timeseries_by_{where}/": f"energy_{what}_timeseries_by_{where}"
        for what in ("consumption", "production")
        for where in ("sites", "buildings")
    },
}
EMPTY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    b'X-Pagination: {"total": 0, "total_pages": 0}\r\n'
)


def minima(sums: Capture, query: str) -> bytes:
    """Return recorded sums as the minima of all series that are asked for.

    Minima were not recorded. The server names every series, also one without values.
    """
    wanted = [value for name, value in parse_qsl(query) if name == "timeseries"]
    recorded = json.loads(sums.body)
    body = json.dumps({number: recorded.get(number, {}) for number in wanted}).encode()
    head = [
        "HTTP/1.1 200 OK",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.fixture
def captures() -> dict[str, Capture]:
    """Return the recorded answers by name."""
    return {capture.name: capture for capture in bemserver()}


@pytest.fixture
async def server(
    captures: dict[str, Capture], freezer: FrozenDateTimeFactory
) -> AsyncIterator[ReplayServer]:
    """Replay the answers at the time of the recording."""
    freezer.move_to(NOW)

    def answer(request: ReplayRequest) -> bytes | None:
        parts = urlsplit(request.target)
        if parts.path == "/auth/token":
            is_right = json.loads(request.body)["password"] == PASSWORD
            name = "auth_token_ok" if is_right else "auth_token_bad_password"
            return captures[name].raw
        if request.headers.get("Authorization") != "Bearer <jwt>":
            return captures["about" if parts.path == "/about/" else "auth_missing"].raw
        if parts.path == "/timeseries/":
            campaign = dict(parse_qsl(parts.query)).get("campaign_id")
            name = "timeseries" if campaign == "1" else "timeseries_unknown_campaign"
            return captures[name].raw
        if parts.path == "/timeseries_data/aggregate":
            return minima(captures["aggregate_sum_hour"], parts.query)
        if parts.path in ANSWERS:
            return captures[ANSWERS[parts.path]].raw
        if parts.path.startswith("/timeseries_by_"):
            # The places of storeys and zones were not recorded.
            return EMPTY + b"Connection: close\r\n\r\n[]"
        return None

    async with replay_app([], fallback=answer) as replay:
        yield replay


async def test_the_integration_comes_up_on_the_captures(
    hass: HomeAssistant,
    server: ReplayServer,
    captures: dict[str, Capture],
    entity_registry: er.EntityRegistry,
) -> None:
    """All recorded series have an entity, which shows the latest value."""
    configure = hass.config_entries.flow.async_configure
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    await configure(flow["flow_id"], {"next_step_id": "bemserver"})
    account = {
        "url": server.url,
        "email": "reader@example.com",
        "password": "nope",
        "verify_ssl": True,
    }
    step = await configure(flow["flow_id"], account)
    assert step["errors"] == {"base": "invalid_auth"}
    step = await configure(flow["flow_id"], {**account, "password": PASSWORD})
    assert step["step_id"] == "selection", step["errors"]
    # Hourly minima were not recorded. The sums of positions also rise.
    selection = {**step["data_schema"]({}), "history": False, "all_sensors": True}
    step = await configure(flow["flow_id"], selection)
    await hass.async_block_till_done()
    entry = step["result"]
    assert entry.state is ConfigEntryState.LOADED

    entities = {
        entity.unique_id.removeprefix(f"{entry.unique_id}_"): entity
        for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    }
    recorded = json.loads(captures["timeseries"].body)
    for row in recorded:
        keys = {f"timeseries_{row['id']}{end}" for end in ("", "_amount", "_register")}
        assert keys & entities.keys(), row
    newest = {
        number: list(points.values())[-1]
        for number, points in json.loads(captures["data_json_2h"].body).items()
    }
    for key, number in (
        ("timeseries_13_register", "13"),
        ("timeseries_16", "16"),
        ("timeseries_42", "42"),
        ("timeseries_47", "47"),
    ):
        state = hass.states.get(entities[key].entity_id)
        assert state is not None
        assert float(state.state) == newest[number]
    unread = hass.states.get(entities["campaign_1_notifications"].entity_id)
    assert unread is not None
    assert unread.state == "2"
    listed = hass.states.get(entities["campaign_1_notification_list"].entity_id)
    assert listed is not None
    assert listed.state == "2"
