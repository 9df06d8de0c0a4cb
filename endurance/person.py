"""What a person does while servers fail: log in again where Home Assistant asks."""

import asyncio
from collections.abc import Mapping
from typing import Any

from demo.home_assistant import FLOWS, HomeAssistant
from demo.progress import say

from .simulated import Simulated

LOOKS_EVERY = 60.0
"""Seconds after which the person looks at Home Assistant again."""


async def log_in_when_asked(
    api: HomeAssistant, servers: Mapping[str, Simulated]
) -> None:
    """Log in again to each server that Home Assistant asks for, until cancelled.

    `servers` is by entry id.
    """
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        await log_in_again(api, servers)


async def log_in_again(api: HomeAssistant, servers: Mapping[str, Simulated]) -> None:
    """Log in again to each server whose credentials were refused.

    A form stays open, and is filled in the next time, if its server fails just now.
    """
    for flow in await api.command("config_entries/flow/progress"):
        if _asks_for_login(flow):
            server = servers[flow["context"]["entry_id"]].server
            step = await api.post(f"{FLOWS}/{flow['flow_id']}", server.form)
            say(f"{server.kind.name}: {step.get('reason') or step.get('errors')}")


def _asks_for_login(flow: Mapping[str, Any]) -> bool:
    """Return True if a flow in progress asks for the credentials of an entry."""
    return bool(
        flow["handler"] == "metering_hub" and flow["context"].get("source") == "reauth"
    )
