"""Adding the tariffs of the demo, and waiting for what they cost."""

import asyncio
from collections.abc import Sequence
import time

from .home_assistant import HomeAssistant
from .progress import say
from .servers import Server
from .tariffs import TARIFFS

SUFFIXES = ("_cost", "_compensation")
PATIENCE = 600.0
"""Seconds until all of the past must have its costs."""

_PAUSE = 5


async def add_tariffs(api: HomeAssistant, entry_id: str, server: Server) -> None:
    """Add the tariffs of a server, whose history is imported, through the form."""
    keys = [key for each in await sums(api) if (key := server.key_of(each)) is not None]
    wanted = [
        each
        for each in TARIFFS
        # A simulator may have been started without some of its meters.
        if each.backend == server.kind.backend and each.meters_of(keys)
    ]
    for tariff in wanted:
        await api.add_tariff(entry_id, tariff.forms(keys))
    say(f"{server.kind.name} has {len(wanted)} tariffs.")


async def wait_for_costs(api: HomeAssistant, servers: Sequence[Server]) -> None:
    """Wait until all that has a tariff has costs, and these no longer change.

    What is missing in spite of that is only said, because a check will find it.
    """
    end = time.monotonic() + PATIENCE
    before: object = None
    while time.monotonic() < end:
        await api.wait_for_history(len(servers))
        units = await sums(api)
        costs = [each for each in units if each.endswith(SUFFIXES)]
        missing = _unpriced(servers, units)
        by_month = await _by_month(api, costs)
        if not missing and by_month == before:
            say(f"{len(costs)} meters have costs.")
            return
        before = by_month
        await asyncio.sleep(_PAUSE)
    say(f"These still have no costs: {', '.join(missing)}")


async def _by_month(api: HomeAssistant, costs: Sequence[str]) -> object:
    """Return all costs by month."""
    if not costs:
        return {}
    return await api.command(
        "recorder/statistics_during_period",
        start_time="2000-01-01T00:00:00Z",
        statistic_ids=costs,
        period="month",
        types=["change"],
    )


async def sums(api: HomeAssistant) -> dict[str, str]:
    """Return the units of all statistics that have sums, by id."""
    known = await api.command("recorder/list_statistic_ids")
    return {
        str(each["statistic_id"]): str(each["statistics_unit_of_measurement"])
        for each in known
        if each["has_sum"]
    }


def cost_id_of(statistic_id: str, known: dict[str, str]) -> str | None:
    """Return the id of the costs of a statistic, if there are any."""
    ids = (f"{statistic_id}{suffix}" for suffix in SUFFIXES)
    return next((each for each in ids if each in known), None)


def _unpriced(servers: Sequence[Server], known: dict[str, str]) -> list[str]:
    """Return the statistics that have a tariff, but no costs."""
    return [
        each
        for server in servers
        for each in known
        if (key := server.key_of(each)) is not None
        and not key.endswith(SUFFIXES)
        and any(
            tariff.backend == server.kind.backend and tariff.meters_of([key])
            for tariff in TARIFFS
        )
        and cost_id_of(each, known) is None
    ]
