"""Probing the features of a server."""

import pytest

from custom_components.metering_hub.backends.milesight.features import (
    Features,
    LatestEndpoint,
    probe_features,
)
from simulators.faults import Fault, html_error
from tests.simulators.milesight.conftest import build

from .conftest import BATCH, PAGES, Connect, shown


@pytest.mark.parametrize(
    ("version", "how"),
    [
        ("1.0", LatestEndpoint.SINGLE),
        ("1.2.2", LatestEndpoint.SINGLE),
        ("1.2.3", LatestEndpoint.PAGES),
        ("1.3", LatestEndpoint.BATCH),
    ],
)
async def test_features_are_probed_once(
    connect: Connect, version: str, how: LatestEndpoint
) -> None:
    beaver = await connect(build(version))
    await beaver.inventory()
    probes = [path for path in beaver.requests() if path in (BATCH, PAGES)]
    # The second batch reads what devices report about themselves.
    assert probes == ([BATCH, BATCH] if how is LatestEndpoint.BATCH else [BATCH, PAGES])
    features = await probe_features(await beaver.client(), Features())
    assert features.latest_endpoint is how


async def test_failed_probe_is_repeated(connect: Connect) -> None:
    """A feature whose probe failed is probed again."""
    beaver = await connect(build())
    client = await beaver.client()
    beaver.simulator.faults.add(Fault(html_error(500), "batch-get-status"))
    features = await probe_features(client, Features())
    assert features.batch is None
    beaver.simulator.faults.clear()
    assert (await probe_features(client, features)).batch is True
    wanted = shown(await beaver.inventory())
    beaver.requests()
    await beaver.read(wanted)
    assert beaver.requests() == [BATCH]
