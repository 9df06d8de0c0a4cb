"""A client of Home Assistant's HTTP API."""

import asyncio
from collections.abc import Mapping
import contextlib
from datetime import UTC, datetime
from http import HTTPStatus
import math
import secrets
import sys
import time
from typing import Any

import aiohttp

from .progress import say
from .servers import Server

OWNER = {"name": "Demo", "username": "demo", "language": "en"}
FLOWS = "/api/config/config_entries/flow"
SUBENTRY_FLOWS = "/api/config/config_entries/subentries/flow"

_RENEWED_BEFORE = 300.0
"""Seconds before its end at which an access token, of half an hour, is replaced."""


class HomeAssistant:
    """A client of Home Assistant's HTTP API, which sends what the frontend sends."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Initialize the client, which is not logged in."""
        self._session = session
        self._url = url
        self._headers: dict[str, str] = {}
        self._renewal: dict[str, str] = {}
        self._expires = math.inf

    async def wait_until_up(self) -> None:
        """Wait until the server answers."""
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with self._session.get(f"{self._url}/manifest.json") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.3)

    async def wait_until_started(self) -> None:
        """Wait until Home Assistant has started, with all requirements installed."""
        # Another process cannot set an event of this one.
        while (await self._core_state()) != "RUNNING":  # noqa: ASYNC110
            await asyncio.sleep(0.3)

    async def _core_state(self) -> object:
        """Return the state of Home Assistant's core."""
        async with self._session.get(
            f"{self._url}/api/config", headers=self._headers
        ) as answer:
            answer.raise_for_status()
            return (await answer.json())["state"]

    async def post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """Post JSON and return the JSON answer."""
        async with self._session.post(
            f"{self._url}{path}", json=body, headers=self._headers
        ) as answer:
            if not answer.ok:
                sys.exit(f"demo: POST {path}: {answer.status} {await answer.text()}")
            result: dict[str, object] = await answer.json()
            return result

    async def get(self, path: str) -> list[dict[str, object]]:
        """Return the JSON list of a path."""
        async with self._session.get(
            f"{self._url}{path}", headers=self._headers
        ) as answer:
            answer.raise_for_status()
            result: list[dict[str, object]] = await answer.json()
            return result

    async def _step(self, flow: str) -> dict[str, object]:
        """Return the present step of a config flow."""
        async with self._session.get(
            f"{self._url}{flow}", headers=self._headers
        ) as answer:
            answer.raise_for_status()
            step: dict[str, object] = await answer.json()
            return step

    async def log_in(self) -> None:
        """Log in as the owner, who is created on the first start."""
        client_id = f"{self._url}/"
        is_new = await self._has_no_owner()
        if is_new:
            password = secrets.token_urlsafe(16)
            owner = {**OWNER, "password": password, "client_id": client_id}
            code = (await self.post("/api/onboarding/users", owner))["auth_code"]
        else:
            code = await self._trusted_code(client_id)
        form = {
            "grant_type": "authorization_code",
            "code": str(code),
            "client_id": client_id,
        }
        await self._get_token(form)
        if is_new:
            body = {"client_id": client_id, "redirect_uri": client_id}
            await self.post("/api/onboarding/integration", body)

    async def _get_token(self, form: Mapping[str, str]) -> None:
        """Get an access token, and remember how to get the next one."""
        async with self._session.post(f"{self._url}/auth/token", data=form) as answer:
            token = await answer.json()
        self._headers = {"Authorization": f"Bearer {token['access_token']}"}
        self._expires = time.monotonic() + token["expires_in"]
        # The answer to a refresh token has no other one.
        self._renewal = {
            "grant_type": "refresh_token",
            "refresh_token": token.get("refresh_token")
            or self._renewal["refresh_token"],
            "client_id": form["client_id"],
        }

    async def _has_no_owner(self) -> bool:
        """Return True if this Home Assistant has no owner yet.

        Its onboarding address no longer exists once onboarding is complete.
        """
        async with self._session.get(f"{self._url}/api/onboarding") as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return False
            steps = await answer.json()
        return not next(step["done"] for step in steps if step["step"] == "user")

    async def _trusted_code(self, client_id: str) -> object:
        """Return an authorization code: the only user needs no password on loopback."""
        flow = await self.post(
            "/auth/login_flow",
            {
                "client_id": client_id,
                "handler": ["trusted_networks", None],
                "redirect_uri": client_id,
            },
        )
        return flow["result"]

    async def add(self, server: Server) -> str:
        """Add an entry through the config flow, and return its id."""
        step = await self.post(FLOWS, {"handler": "metering_hub"})
        flow = f"{FLOWS}/{step['flow_id']}"
        await self.post(flow, {"next_step_id": server.kind.backend})
        step = await self.post(flow, server.form)
        while step.get("step_id") == "discover":
            await asyncio.sleep(0.5)
            step = await self._step(flow)
        if step.get("step_id") != "selection":
            sys.exit(f"demo: {server.kind.name}: {step.get('errors') or step}")
        kind = server.kind
        selection = {**_defaults(step), "name": kind.title, **kind.choices}
        step = await self.post(flow, selection)
        entry = step.get("result")
        if step["type"] != "create_entry" or not isinstance(entry, dict):
            sys.exit(f"demo: {server.kind.name}: {step.get('errors') or step}")
        return str(entry["entry_id"])

    async def move(self, entry_id: str, server: Server) -> None:
        """Reconfigure an entry of an earlier start, because the port has changed."""
        body = {"handler": "metering_hub", "entry_id": entry_id}
        step = await self.post(FLOWS, body)
        step = await self.post(f"{FLOWS}/{step['flow_id']}", server.form)
        if step.get("reason") != "reconfigure_successful":
            sys.exit(f"demo: {server.kind.name}: {step.get('errors') or step}")

    async def add_tariff(
        self, entry_id: str, forms: Mapping[str, Mapping[str, object]]
    ) -> None:
        """Add a tariff to an entry; `forms` is what is entered into each step."""
        handler = [entry_id, "tariff"]
        step = await self.post(SUBENTRY_FLOWS, {"handler": handler})
        shown: list[object] = []
        while step["type"] == "form" and step["step_id"] not in shown:
            shown.append(step["step_id"])
            entered = {**_defaults(step), **forms.get(str(step["step_id"]), {})}
            step = await self.post(f"{SUBENTRY_FLOWS}/{step['flow_id']}", entered)
        if step["type"] != "create_entry":
            sys.exit(f"demo: tariff: {step.get('errors') or step}")

    async def wait_for_history(self, entries: int) -> None:
        """Wait until so many entries have imported their history; print progress."""
        printed = ""
        while True:
            progress = [
                (str(state["state"]).partition(".")[0], state["attributes"])
                for state in await self.get("/api/states")
                if str(state["entity_id"]).endswith("_history_import")
            ]
            ready = [
                attributes
                for _, attributes in progress
                if isinstance(attributes, dict)
                and attributes.get("state") == "up_to_date"
            ]
            if len(ready) >= entries:
                return
            done = ", ".join(f"{state} %" for state, _ in progress if state.isdecimal())
            if done and done != printed:
                printed = done
                say(f"Importing history: {done}")
            await asyncio.sleep(1)

    async def energy_sources(self) -> list[str]:
        """Return the types of the sources and devices on the Energy dashboard."""
        preferences = await self.command("energy/get_prefs")
        kinds = [source["type"] for source in preferences["energy_sources"]]
        return [*kinds, *("device" for _ in preferences["device_consumption"])]

    async def gaps(self, entry_id: str, start: int, end: int) -> dict[str, Any]:
        """Return what `get_gaps` says of each point of an entry in [start, end).

        Both are in seconds since 1970.
        """
        data = {
            "entry": entry_id,
            "start": datetime.fromtimestamp(start, UTC).isoformat(),
            "end": datetime.fromtimestamp(end, UTC).isoformat(),
        }
        answer = await self.command(
            "call_service",
            domain="metering_hub",
            service="get_gaps",
            service_data=data,
            return_response=True,
        )
        points: dict[str, Any] = answer["response"]["points"]
        return points

    async def command(self, kind: str, **arguments: object) -> Any:
        """Send a command over Home Assistant's WebSocket and return the result."""
        if time.monotonic() > self._expires - _RENEWED_BEFORE:
            await self._get_token(self._renewal)
        async with self._session.ws_connect(
            f"{self._url}/api/websocket", max_msg_size=0
        ) as socket:
            await socket.receive_json()
            token = self._headers["Authorization"].partition(" ")[2]
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            await socket.send_json({"id": 1, "type": kind, **arguments})
            answer = await socket.receive_json()
        if not answer["success"]:
            sys.exit(f"demo: {kind}: {answer['error']}")
        return answer["result"]


def _defaults(step: Mapping[str, object]) -> dict[str, object]:
    """Return the default values of a form."""
    fields = step["data_schema"] or []
    if not isinstance(fields, list):
        sys.exit("demo: this form has no fields")
    return {field["name"]: field["default"] for field in fields if "default" in field}
