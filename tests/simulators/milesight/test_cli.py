"""The Beaver IoT simulator from the command line."""

import asyncio
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM
import sys

from aiohttp import ClientSession
import aiomqtt
import pytest

from .conftest import Api

ROOT = Path(__file__).parents[3]


@pytest.mark.usefixtures("socket_enabled")
async def test_command_line() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "milesight"),
        *("--username", "me@example.com", "--password", "abc"),
        *("--release", "1.2.3", "--devices", "30", "--days", "3"),
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    url = line.split(" on ")[1].split(" ")[0]
    assert line.startswith("milesight simulator on http://127.0.0.1:")
    assert line.endswith("(user name: me@example.com, password: abc)")
    async with ClientSession() as session:
        client = Api(session, url)
        await client.login(username="me@example.com", password="abc")
        assert (await client.post("device/search")).object["total"] == 30
        got = await client.post("entity/batch-get-status", {"entity_ids": []})
        assert got.error == (500, "server_error")
        (plug,) = (await client.post("device/search", {"name": "Boiler plug"})).rows[
            -1:
        ]
        body = {"keyword": str(plug["key"]), "entity_names": ["Power Consumption"]}
        (entity,) = (await client.post("entity/search", body)).rows
        rows = await client.post(
            "entity/history/search", {"entity_id": entity["entity_id"]}
        )
        # A report every ten minutes, from the midnight three days ago on.
        now = datetime.now(UTC)
        expected = 3 * 144 + (now.hour * 60 + now.minute) // 10
        assert abs(int(str(rows.object["total"])) - expected) <= 3
        info = (await client.get("mqtt/broker-info")).object
        login = (await client.get("mqtt/web/credentials")).object
        async with aiomqtt.Client(
            "127.0.0.1",
            int(str(info["mqtt_port"])),
            username=str(login["username"]),
            password=str(login["password"]),
        ):
            pass
    process.send_signal(SIGTERM)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out, err) == (0, b"", b"")
