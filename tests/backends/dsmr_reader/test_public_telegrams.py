"""Telegrams that people and vendors published, with what DSMR-reader 5.11 stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from typing import TypedDict

from aiohttp import ClientSession, web
import pytest

from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.metering.inventory import Inventory
from simulators.server import serve
from tests.captures import FIXTURES

from .conftest import NOW

type Expected = tuple[str | None, str, str | None]
"""The kind, the unit and the serial number of the stored extra meter."""


class Published(TypedDict):
    """A telegram, and the fields that are stored of it."""

    telegram: str
    stored_by_5_11: Mapping[str, str | None]


TELEGRAMS: Mapping[str, Published] = json.loads(
    (FIXTURES / "telegrams.json").read_text()
)

NO_EXTRA: Expected = (None, "", None)

EXTRA: Mapping[str, Expected] = {
    # Gas beside water, and the water on the gas's code.
    "t028": ("gas", "m³", "N020000017"),
    "t082": ("water", "m³", "N050000046"),
    # Four gas meters of DSMR 2.2, of which the last one is stored.
    "t019": ("gas", "m³", "N050000011"),
    # Electricity, gas, heat and cooling: the last one is cooling, which is not offered.
    "t038": NO_EXTRA,
    "t039": ("gas", "m³", "N060000024"),
    "t063": ("gas", "m³", "N050000036"),
    "t084": ("heat", "GJ", "N020000048"),
    # An empty channel before the gas meter's.
    "t159": ("gas", "m³", "N020000081"),
}
"""The extra meters that are not the only one, or not gas."""

UNDECIDED = frozenset({"t113"})
"""Telegrams that do not name the kind of the extra meter, which may be water."""

BELGIAN = frozenset({"t028", "t037", "t080", "t082", "t124", "t128"})
ONE_REGISTER = frozenset({"t014", "t018", "t097"})
AUSTRIAN = frozenset({"t000", "t031"})
"""Telegrams with positions in Wh and power in W."""


@dataclass(frozen=True)
class TelegramServer:
    """A server that stores one telegram."""

    published: Published

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/v2/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        stored = self.published["stored_by_5_11"]
        statistics = {
            "timestamp": NOW.isoformat(),
            "dsmr_version": stored.get("dsmr_version"),
            "electricity_tariff": int(stored.get("electricity_tariff") or 0) or None,
            "latest_telegram": self.published["telegram"],
        }
        row = {**stored, "id": 1, "timestamp": NOW.isoformat()}
        answers = {
            "application/version": {"version": "5.11.0"},
            "datalogger/meter-statistics": statistics,
            "datalogger/dsmrreading": {"count": 1, "results": [row]},
        }
        return web.json_response(answers[request.match_info["path"]])


async def read_inventory(published: Published) -> Inventory:
    """Return the inventory of a server that stores a telegram."""
    async with ClientSession() as session, serve(TelegramServer(published).app) as url:
        settings = {"url": url, "api_key": "key"}
        backend = DsmrReaderBackend(session, settings, {}, clock=lambda: NOW)
        await backend.connect()
        return await backend.inventory()


def names_of(inventory: Inventory, *keys: str) -> list[str | None]:
    """Return the names of some points, without those that there are not."""
    points = inventory.points
    return [points[key].translation_key for key in keys if key in points]


def expected_extra(name: str) -> Expected:
    """Return the extra meter of a telegram, which mostly is one gas meter."""
    published = TELEGRAMS[name]
    if name in EXTRA or not published["stored_by_5_11"].get("extra_device_delivered"):
        return EXTRA.get(name, NO_EXTRA)
    serials = [
        bytes.fromhex(line.split("(")[1].rstrip(")\r")).decode()
        for line in published["telegram"].splitlines()
        if line.startswith(("0-1:96.1.", "0-2:96.1."))
    ]
    (serial,) = serials
    return "gas", "m³", serial


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", TELEGRAMS)
async def test_extra_meter(name: str) -> None:
    inventory = await read_inventory(TELEGRAMS[name])
    kind, unit, serial = expected_extra(name)
    found = {key for key in ("gas", "heat", "water") if key in inventory.points}
    assert found == ({kind} if kind else set())
    assert ("extra_device" in inventory.undecided) == (name in UNDECIDED)
    if kind is None:
        assert "extra_device" not in inventory.devices
        return
    assert inventory.points[kind].unit == unit
    device = inventory.devices["extra_device"]
    assert (device.translation_key, device.serial) == (f"{kind}_meter", serial)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", TELEGRAMS)
async def test_electricity_meter(name: str) -> None:
    inventory = await read_inventory(TELEGRAMS[name])
    names = names_of(
        inventory,
        "electricity_delivered_1",
        "electricity_delivered_2",
        "electricity_returned_1_price",
        "electricity_returned_2_price",
        "today_electricity1",
        "today_electricity2",
        "electricity_tariff",
    )
    if name in ONE_REGISTER:
        assert names == ["electricity_delivered", "electricity_returned_price"]
    else:
        first, second = ("normal", "low") if name in BELGIAN else ("low", "normal")
        assert names == [
            f"electricity_delivered_{first}",
            f"electricity_delivered_{second}",
            f"electricity_returned_{first}_price",
            f"electricity_returned_{second}_price",
            f"today_electricity_{first}",
            f"today_electricity_{second}",
            "electricity_tariff",
        ]
    is_austrian = name in AUSTRIAN
    points = inventory.points
    assert points["electricity_delivered_1"].unit == ("Wh" if is_austrian else "kWh")
    assert points["electricity_power"].unit == ("W" if is_austrian else "kW")
    serial = inventory.devices["electricity_meter"].serial
    assert serial is None or serial.startswith("N01")


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("published", "kind", "serial"),
    [
        ({"extra_device_delivered": "8.579"}, "water", "N030000017"),
        (
            {
                "extra_device_delivered": "8.579",
                "extra_device_timestamp": "2023-11-02T11:15:32+00:00",
            },
            "water",
            "N030000017",
        ),
        ({"extra_device_delivered": "92.286"}, "gas", "N020000017"),
        ({"extra_device_delivered": None}, None, None),
    ],
    ids=["value", "pinned channel", "the telegram before", "Dutch setting"],
)
async def test_what_is_stored_decides(
    published: Mapping[str, str | None], kind: str | None, serial: str | None
) -> None:
    """The owner may have chosen the channel, and the raw telegram may be newer."""
    stored = TELEGRAMS["t028"]["stored_by_5_11"] | published
    telegram = TELEGRAMS["t028"]["telegram"]
    inventory = await read_inventory({"telegram": telegram, "stored_by_5_11": stored})
    found = [key for key in ("gas", "heat", "water") if key in inventory.points]
    assert found == ([kind] if kind else [])
    if kind:
        assert inventory.devices["extra_device"].serial == serial
    assert inventory.undecided == frozenset()


def test_the_times_of_what_is_published() -> None:
    """No published telegram is from the future, so each of them is the latest."""
    stamps = [
        datetime.fromisoformat(stamp).astimezone(UTC)
        for published in TELEGRAMS.values()
        if (stamp := published["stored_by_5_11"].get("extra_device_timestamp"))
    ]
    assert max(stamps) < NOW
