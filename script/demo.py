"""Run simulators and a real Home Assistant that shows them; see script/demo."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping
import contextlib
from dataclasses import dataclass
from http import HTTPStatus
import json
from pathlib import Path
import secrets
import shutil
import signal
import socket
import sys
import time

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
CONFIG = DEMO / "config"
HOST = "127.0.0.1"
OWNER = {"name": "Demo", "username": "demo", "language": "en"}
START_TIMEOUT = 600
"""Seconds; the first start fetches what Home Assistant's own parts require."""

# Onboarding adds a few cloud integrations of its own when it asks these questions.
ONBOARDING = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics"]},
}

CONFIGURATION = """\
homeassistant:
  name: Metering Hub demo
  time_zone: Europe/Amsterdam
  unit_system: metric
  currency: EUR
  country: NL
  latitude: 52.37
  longitude: 4.90
  auth_providers:
    - type: trusted_networks
      trusted_networks:
        - 127.0.0.1/32
      allow_bypass_login: true
    - type: homeassistant
config:
diagnostics:
energy:
frontend:
history:
logbook:
recorder:
system_health:
logger:
  default: warning
  logs:
    custom_components.metering_hub: info
    # A demo needs neither camera pictures nor sound.
    haffmpeg: critical
    homeassistant.components.camera: critical
"""


def say(text: str) -> None:
    """Print a line of progress with the time since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def free_port(wanted: int) -> int:
    """Return the wanted port, or a free one where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # A port that was just given up counts as free, as it does for a server.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    sys.exit("demo: no free port on 127.0.0.1")


@dataclass
class Simulator:
    """A simulated server, and what a person fills into the forms for it."""

    backend: str
    port: int
    api_key: str

    @property
    def command(self) -> list[str]:
        """Return the command that runs it."""
        return [
            *(sys.executable, "-m", "simulators", self.backend),
            *("--port", str(self.port), "--api-key", self.api_key),
        ]

    @property
    def form(self) -> dict[str, object]:
        """Return the connection form as a person fills it in."""
        return {
            "url": f"{HOST}:{self.port}",
            "api_key": self.api_key,
            "verify_ssl": True,
        }


class HomeAssistant:
    """Home Assistant's own HTTP API, as its frontend uses it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Prepare; nothing is sent yet."""
        self._session = session
        self._url = url
        self._headers: dict[str, str] = {}

    async def wait_until_up(self) -> None:
        """Wait until the server answers."""
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with self._session.get(f"{self._url}/manifest.json") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.3)

    async def wait_until_started(self) -> None:
        """Wait until all of Home Assistant's parts are there, fetched ones included."""
        # Another process cannot set an event of ours.
        while (await self._core_state()) != "RUNNING":  # noqa: ASYNC110
            await asyncio.sleep(0.3)

    async def _core_state(self) -> object:
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

    async def log_in(self) -> None:
        """Make the owner where there is none yet, and get a token."""
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
            "code": code,
            "client_id": client_id,
        }
        async with self._session.post(f"{self._url}/auth/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}
        if is_new:
            body = {"client_id": client_id, "redirect_uri": client_id}
            await self.post("/api/onboarding/integration", body)

    async def _has_no_owner(self) -> bool:
        """Tell whether nobody owns this Home Assistant yet.

        Once onboarding is over, its address is gone.
        """
        async with self._session.get(f"{self._url}/api/onboarding") as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return False
            steps = await answer.json()
        return not next(step["done"] for step in steps if step["step"] == "user")

    async def _trusted_code(self, client_id: str) -> object:
        """Log in as the only user, which loopback may without a password."""
        flow = await self.post(
            "/auth/login_flow",
            {
                "client_id": client_id,
                "handler": ["trusted_networks", None],
                "redirect_uri": client_id,
            },
        )
        return flow["result"]

    async def add(self, simulator: Simulator) -> str:
        """Add an entry through the config flow, as a person does."""
        flows = "/api/config/config_entries/flow"
        step = await self.post(flows, {"handler": "metering_hub"})
        flow = f"{flows}/{step['flow_id']}"
        await self.post(flow, {"next_step_id": simulator.backend})
        step = await self.post(flow, simulator.form)
        if step["type"] == "abort" and step["reason"] == "already_configured":
            return await self._move(simulator)
        if step.get("step_id") != "selection":
            sys.exit(f"demo: {simulator.backend}: {step.get('errors')}")
        step = await self.post(flow, _defaults(step))
        if step["type"] != "create_entry":
            sys.exit(f"demo: {simulator.backend}: {step.get('errors')}")
        return f"added as {step['title']}"

    async def wait_for_history(self) -> None:
        """Wait until the history is imported, saying how far it is."""
        said = ""
        while True:
            states = await self.get("/api/states")
            progress = next(
                state
                for state in states
                if str(state["entity_id"]).endswith("_history_import")
            )
            attributes = progress["attributes"]
            if isinstance(attributes, dict) and attributes.get("state") == "up_to_date":
                return
            done = str(progress["state"]).partition(".")[0]
            if done.isdecimal() and done != said:
                said = done
                say(f"Importing history: {done} %")
            await asyncio.sleep(1)

    async def fill_energy_dashboard(self) -> str:
        """Choose the imported statistics as sources, as a person does in the UI."""
        async with self._session.ws_connect(f"{self._url}/api/websocket") as socket:
            await socket.receive_json()
            token = self._headers["Authorization"].partition(" ")[2]
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            await socket.send_json({"id": 1, "type": "recorder/list_statistic_ids"})
            known = (await socket.receive_json())["result"]
            ids = [
                statistic["statistic_id"]
                for statistic in known
                if statistic["source"] == "metering_hub"
            ]
            sources = energy_sources(ids)
            command = {"id": 2, "type": "energy/save_prefs", "energy_sources": sources}
            await socket.send_json(command)
            answer = await socket.receive_json()
        if not answer["success"]:
            sys.exit(f"demo: energy/save_prefs: {answer['error']}")
        return f"{len(sources)} sources of {len(ids)} statistics"

    async def _move(self, simulator: Simulator) -> str:
        """Tell the entry of last time on which port its server listens now."""
        entries = await self.get("/api/config/config_entries/entry?domain=metering_hub")
        flows = "/api/config/config_entries/flow"
        entry_id = entries[0]["entry_id"]
        body = {"handler": "metering_hub", "entry_id": entry_id}
        step = await self.post(flows, body)
        step = await self.post(f"{flows}/{step['flow_id']}", simulator.form)
        return f"is there already ({step.get('reason')})"


def energy_sources(statistic_ids: list[str]) -> list[dict[str, object]]:
    """Return the Energy dashboard's sources for the statistics of one meter."""
    by_key = {
        statistic_id.split("_", 4)[-1]: statistic_id for statistic_id in statistic_ids
    }
    power = "sensor.electricity_meter_power"
    grid = [
        {
            "type": "grid",
            "stat_energy_from": by_key[f"electricity_delivered_{number}"],
            "stat_cost": by_key[f"electricity_delivered_{number}_cost"],
            "entity_energy_price": None,
            "number_energy_price": None,
            "stat_energy_to": by_key[f"electricity_returned_{number}"],
            "stat_compensation": by_key[f"electricity_returned_{number}_compensation"],
            "entity_energy_price_export": None,
            "number_energy_price_export": None,
            "cost_adjustment_day": 0.0,
            # Each power sensor may stand beside one source only.
            **({"stat_rate": power} if number == "1" else {}),
        }
        for number in ("1", "2")
    ]
    gas = {
        "type": "gas",
        "stat_energy_from": by_key["gas"],
        "stat_cost": by_key["gas_cost"],
    }
    return [*grid, gas]


def _defaults(step: Mapping[str, object]) -> dict[str, object]:
    """Return a form filled with its own defaults: what a person gets by one click."""
    fields = step["data_schema"]
    if not isinstance(fields, list):
        sys.exit("demo: this form has no fields")
    return {field["name"]: field["default"] for field in fields if "default" in field}


def prepare_config(port: int, *, fresh: bool) -> None:
    """Write Home Assistant's configuration, with the integration linked in."""
    if fresh:
        shutil.rmtree(CONFIG, ignore_errors=True)
    components = CONFIG / "custom_components"
    components.mkdir(parents=True, exist_ok=True)
    link = components / "metering_hub"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "custom_components" / "metering_hub")
    storage = CONFIG / ".storage"
    storage.mkdir(exist_ok=True)
    onboarding = storage / "onboarding"
    if not onboarding.exists():
        onboarding.write_text(json.dumps(ONBOARDING), encoding="utf-8")
    (storage / "http").write_text(json.dumps(_http_settings(port)), encoding="utf-8")
    (CONFIG / "configuration.yaml").write_text(CONFIGURATION, encoding="utf-8")


def _http_settings(port: int) -> dict[str, object]:
    """Return the HTTP settings as Home Assistant stores them once confirmed.

    Settings in YAML would be taken over once, and undone unless a person confirms.
    """
    stable = {
        "server_host": [HOST],
        "server_port": port,
        "cors_allowed_origins": [],
        "ip_ban_enabled": False,
        "login_attempts_threshold": -1,
        "ssl_profile": "intermediate_v6",
        "use_x_forwarded_for": False,
        "use_x_frame_options": True,
        "error": None,
        "error_message": None,
    }
    return {
        "version": 3,
        "minor_version": 1,
        "key": "http",
        "data": {"stable": stable, "pending": None, "yaml_migration_done": True},
    }


@contextlib.asynccontextmanager
async def running(name: str, *command: str) -> AsyncIterator[asyncio.Task[None]]:
    """Run a program beside us; it ends with us, and we end with it."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, start_new_session=True
    )

    async def watch() -> None:
        code = await process.wait()
        sys.exit(f"demo: {name} ended by itself (exit code {code})")

    watcher = asyncio.create_task(watch())
    try:
        yield watcher
    finally:
        watcher.cancel()
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 30)
        if process.returncode is None:
            process.kill()


async def main() -> None:
    """Start everything, print the address, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(description="A demo of Metering Hub.")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    # A closed terminal or `kill` must not leave Home Assistant running alone.
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    port = free_port(arguments.port)
    url = f"http://{HOST}:{port}"
    # The key is kept, because Home Assistant remembers it from one start to the next.
    DEMO.mkdir(exist_ok=True)
    key_file = DEMO / "api-key"
    if not key_file.exists():
        key_file.write_text(secrets.token_hex(32), encoding="utf-8")
    simulator = Simulator("dsmr_reader", free_port(18080), key_file.read_text("utf-8"))
    prepare_config(port, fresh=arguments.fresh)
    hass = str(Path(sys.executable).with_name("hass"))
    async with (
        running("the simulator", *simulator.command),
        running("Home Assistant", hass, "--config", str(CONFIG)) as watcher,
        aiohttp.ClientSession() as session,
    ):
        api = HomeAssistant(session, url)
        say(f"Home Assistant is starting on {url} (the first time takes minutes) ...")
        await asyncio.wait_for(api.wait_until_up(), START_TIMEOUT)
        say("Home Assistant is up.")
        await api.log_in()
        await asyncio.wait_for(api.wait_until_started(), START_TIMEOUT)
        say("Logged in; Home Assistant has started.")
        say(f"DSMR-reader {await api.add(simulator)}.")
        await api.wait_for_history()
        say("The history is imported.")
        say(f"Energy dashboard: {await api.fill_energy_dashboard()}.")
        say(f"Ready: open {url} - Ctrl-C ends the demo.")
        await watcher


STARTED = time.monotonic()

if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
