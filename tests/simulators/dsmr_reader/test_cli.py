"""The DSMR-reader simulator from the command line."""

from aiohttp import ClientSession
import pytest

from simulators.__main__ import SIMULATORS, parser
from simulators.server import serve


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("options", "contracts"),
    [((), 2), (("--no-contracts",), 0)],
    ids=["contracts", "none"],
)
async def test_contracts(options: tuple[str, ...], contracts: int) -> None:
    command = ["dsmr_reader", "--api-key", "key", "--years", "0.1", *options]
    running = SIMULATORS["dsmr_reader"].build(parser().parse_args(command))
    async with serve(running.app) as url, ClientSession() as session:
        path = f"{url}/api/v2/consumption/energy-supplier-prices"
        async with session.get(path, headers={"X-AUTHKEY": "key"}) as answer:
            assert answer.status == 200
            assert (await answer.json())["count"] == contracts
