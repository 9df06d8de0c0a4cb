"""The BEMServer simulator from the command line."""

from aiohttp import ClientSession
import pytest

from simulators.__main__ import SIMULATORS, parser
from simulators.server import serve


@pytest.mark.usefixtures("socket_enabled")
async def test_options() -> None:
    options = parser().parse_args(
        [
            *("bemserver", "--email", "me@example.org", "--password", "mine"),
            *(
                "--prefix",
                "/api/v0/",
                "--series",
                "120",
                "--years",
                "0.5",
                "--raw-only",
            ),
            *("--access-seconds", "20", "--url-limit", "100"),
        ]
    )
    running = SIMULATORS["bemserver"].build(options)
    assert running.credentials == "user: me@example.org, password: mine"
    async with serve(running.app) as root, ClientSession() as session:
        url = f"{root}/api/v0"
        login = {"email": "me@example.org", "password": "mine"}
        async with session.post(f"{url}/auth/token", json=login) as response:
            token = (await response.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        async with session.get(f"{url}/timeseries/", headers=headers) as response:
            assert '{"total": 120, ' in response.headers["X-Pagination"]
        path = f"{url}/timeseries_data/stats?timeseries=1&data_state="
        counts = []
        for state in (1, 2):
            async with session.get(f"{path}{state}", headers=headers) as response:
                counts.append((await response.json())["stats"]["1"]["count"])
        assert counts[0] > 182 * 96
        assert counts[1] == 0
        async with session.get(path.ljust(150, "2"), headers=headers) as response:
            assert response.status == 502
