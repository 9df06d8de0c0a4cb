"""What a person reads when a server cannot be added: in German, for each backend."""

import asyncio
from collections.abc import AsyncIterator, Mapping
import json
from pathlib import Path
import socket
from typing import NamedTuple
from unittest.mock import patch

import aiohttp
from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.backends import BACKENDS
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from simulators.faults import Action, Answer, Drop, Fault, Faults
from simulators.server import serve

from ..certificates import self_signed, server_context
from ..sockets import silent_port, unused_port

DOMAIN = "metering_hub"
GERMAN = json.loads(
    (
        Path(__file__).parents[2]
        / "custom_components"
        / DOMAIN
        / "translations"
        / "de.json"
    ).read_text()
)
CREDENTIALS: Mapping[str, Mapping[str, object]] = {
    "besmart": {"login": "anna", "password": "wrong"},
    "bemserver": {"email": "anna@example.org", "password": "wrong"},
    "dsmr_reader": {"api_key": "wrong"},
    "milesight": {
        "username": "anna@example.org",
        "password": "wrong",
        "advanced": {},
    },
}
NOWHERE = "no-such-server.invalid"


class Told(NamedTuple):
    """The key of an error, and its text in German."""

    key: str
    text: str


async def tried(hass: HomeAssistant, backend: str, url: str) -> Told:
    """Return what the form says after an address was submitted."""
    flow = hass.config_entries.flow
    step = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    step = await flow.async_configure(step["flow_id"], {"next_step_id": backend})
    form = {"url": url, **CREDENTIALS[backend]}
    step = await flow.async_configure(step["flow_id"], form)
    assert step["step_id"] == backend
    key = (step["errors"] or {})["base"]
    text = GERMAN["config"]["error"][key].format(**step["description_placeholders"])
    flow.async_abort(step["flow_id"])
    return Told(key, text)


@pytest.fixture
def faults() -> Faults:
    """Return the faults of a server that has nothing."""
    return Faults()


@pytest.fixture
async def address(faults: Faults) -> AsyncIterator[str]:
    """Return the address of a server that does what `faults` say."""
    async with serve(web.Application(middlewares=[faults.middleware])) as url:
        yield url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Return the key of each backend."""
    key: str = request.param
    return key


ANSWERS: list[tuple[Action, str, str]] = [
    (Answer(429), "rate_limited", "HTTP 429"),
    (Answer(429, headers={"Retry-After": "90"}), "rate_limited_for", "90 s"),
    (Answer(500), "server_error", "HTTP 500"),
    (Answer(503), "server_error", "HTTP 503"),
    (Answer(404), "invalid_url", "nicht die richtige"),
    (Answer(200, "<html>"), "invalid_url", "nicht die richtige"),
    (Answer(403), "permission_denied", "Rechte"),
    (Drop(), "cannot_connect", "keine Verbindung"),
]


@pytest.mark.parametrize(("action", "key", "words"), ANSWERS)
async def test_answers_are_told_as_what_they_are(
    hass: HomeAssistant,
    backend: str,
    faults: Faults,
    address: str,
    action: Action,
    key: str,
    words: str,
) -> None:
    """HTTP 429 and 500 are no wrong address, and no server that does not answer."""
    faults.add(Fault(action))
    told = await tried(hass, backend, address)
    assert told.key == key
    assert words in told.text
    assert_fits(backend, told)


def assert_fits(backend: str, told: Told) -> None:
    """Check that a text is about this platform, and has no English of developers."""
    others = {spec.example_url for spec in BACKENDS.values()}
    others -= {BACKENDS[backend].example_url}
    assert not any(other in told.text for other in others)
    assert not any(word in told.text for word in ("GET", "POST", "Error", "{", "None"))


async def test_refused_connection(hass: HomeAssistant, backend: str) -> None:
    """Nothing listens at the port."""
    told = await tried(hass, backend, f"http://127.0.0.1:{unused_port()}")
    assert told.key == "connection_refused"
    assert BACKENDS[backend].example_url in told.text
    assert_fits(backend, told)


async def test_unknown_name(hass: HomeAssistant, backend: str) -> None:
    """The name cannot be resolved, as without DNS."""
    failure = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with patch.object(aiohttp.TCPConnector, "_resolve_host", side_effect=failure):
        told = await tried(hass, backend, f"http://{NOWHERE}")
    assert told.key == "unknown_host"
    assert "DNS" in told.text
    assert_fits(backend, told)


async def test_untrusted_certificate(
    hass: HomeAssistant, backend: str, faults: Faults, tmp_path: Path
) -> None:
    """Only a form that has a switch for it advises to turn verification off."""
    app = web.Application(middlewares=[faults.middleware])
    certificate = await hass.async_add_executor_job(self_signed, tmp_path)
    context = await hass.async_add_executor_job(server_context, certificate)
    # The server's side of the refused handshake fails as well, and rightly so.
    hass.loop.set_exception_handler(lambda _loop, _context: None)
    async with serve(app, ssl_context=context) as url:
        told = await tried(hass, backend, url.replace("http://", "https://"))
    fields = {field.name for field in BACKENDS[backend].fields}
    has_switch = "verify_ssl" in fields
    assert ("Prüfung des Zertifikats aus" in told.text) is has_switch
    assert told.key == (
        "untrusted_certificate" if has_switch else "untrusted_certificate_no_switch"
    )
    assert_fits(backend, told)


async def test_no_https(hass: HomeAssistant, backend: str, address: str) -> None:
    """The server answers over http only."""
    told = await tried(hass, backend, address.replace("http://", "https://"))
    assert told.key == "no_https"
    assert_fits(backend, told)


async def test_no_answer_in_time(
    hass: HomeAssistant,
    backend: str,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The server takes the connection, and then nothing comes."""

    async def let_time_pass() -> None:
        while True:
            freezer.tick(0.1)
            await asyncio.sleep(0)

    passing = asyncio.create_task(let_time_pass())
    async with silent_port() as port:
        told = await tried(hass, backend, f"http://127.0.0.1:{port}")
    passing.cancel()
    assert told.key == "no_answer"
    assert BACKENDS[backend].name in told.text
    assert_fits(backend, told)
