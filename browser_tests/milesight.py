"""The state of a device of a simulated Beaver IoT, read through its API."""

from collections.abc import Mapping
import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from demo.processes import HOST
from demo.servers import Server


def switch_is_on(server: Server, device: str, identifier: str) -> bool:
    """Return True if a switch of a device, found by the device's name, is on."""
    url = f"http://{HOST}:{server.port}/api/v1"
    form = {
        "grant_type": "password",
        "client_id": "iab",
        "client_secret": "milesight*iab",
        "username": str(server.form["username"]),
        "password": server.secret,
    }
    token = _ask(f"{url}/oauth2/token", urlencode(form).encode(), {})["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    # The keyword may be a part of a name or of a key.
    search = json.dumps({"keyword": identifier, "page_size": 100, "page_number": 1})
    found = _ask(f"{url}/entity/search", search.encode(), headers)["content"]
    entity = next(
        each
        for each in found
        if each["device_name"] == device
        and each["entity_key"].endswith(f".{identifier}")
        and each["entity_type"] == "PROPERTY"
        and "entity_parent_name" not in each
    )
    status = _ask(f"{url}/entity/{entity['entity_id']}/status", None, headers)
    return bool(status["value"])


def _ask(url: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
    """Send a request, and return the data of the response."""
    request = Request(url, body, dict(headers))  # noqa: S310 -- Our own simulator.
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)["data"]
