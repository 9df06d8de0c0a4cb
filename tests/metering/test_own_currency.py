"""Whether the server's prices are in Home Assistant's currency."""

import pytest

from custom_components.metering_hub.metering.own_currency import are_prices_own


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, False),
        ({"own_currency": True}, True),
        ({"own_currency": False}, False),
        ({"own_currency": "yes"}, False),
    ],
)
def test_only_the_user_says_so(options: dict[str, object], *, expected: bool) -> None:
    assert are_prices_own(options) is expected
