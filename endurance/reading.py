"""What a long run asks of Home Assistant."""

import asyncio

from demo.home_assistant import HomeAssistant

from .rows import FIELDS, Rows

PREFIX = "metering_hub:"
IMPORT_TIMEOUT = 600.0
"""Seconds within which a small history must be up to date."""


async def has_entry(api: HomeAssistant) -> bool:
    """Return True if the integration has a config entry.

    Home Assistant stores a new one after a second, so a kill may lose it.
    """
    return bool(await api.command("config_entries/get", domain="metering_hub"))


async def is_up_to_date(api: HomeAssistant, entries: int = 1) -> bool:
    """Return True if so many entries say that their history is up to date."""
    ready = [
        attributes
        for state in await api.get("/api/states")
        if str(state["entity_id"]).endswith("_history_import")
        and isinstance(attributes := state["attributes"], dict)
        and attributes.get("state") == "up_to_date"
    ]
    return len(ready) >= entries


async def wait_until_up_to_date(
    api: HomeAssistant, entries: int = 1, longest: float = IMPORT_TIMEOUT
) -> None:
    """Wait until so many entries have imported their history; raises TimeoutError."""
    async with asyncio.timeout(longest):
        # Another process cannot set an event of this one.
        while not await is_up_to_date(api, entries):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def read_rows(api: HomeAssistant) -> Rows:
    """Return all hours of the statistics that the integration has imported."""
    known = await api.command("recorder/list_statistic_ids")
    ids = sorted(
        str(each["statistic_id"])
        for each in known
        if str(each["statistic_id"]).startswith(PREFIX)
    )
    found: dict[str, dict[int, dict[str, float | None]]] = {}
    for statistic_id in ids:
        rows = await api.command(
            "recorder/statistics_during_period",
            start_time="2000-01-01T00:00:00Z",
            statistic_ids=[statistic_id],
            period="hour",
            types=[*FIELDS],
            units={},
        )
        found[statistic_id] = {
            row["start"] // 1000: {name: row.get(name) for name in FIELDS}
            for row in rows.get(statistic_id, [])
        }
    return found
