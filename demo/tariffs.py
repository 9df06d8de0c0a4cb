"""The tariffs of the demo, as they are entered into Home Assistant's forms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
import re
from typing import Any

from simulators.besmart import CLIENT, HOUSE_MID

from .price_sensor import PRICE_SENSOR

FOR_METERS = "meters"

type Fields = Mapping[str, Any]
"""Fields of a form, of which each kind of price and rule has others."""

_HOUSE = f"sensor_{CLIENT}_{HOUSE_MID}_signal_"
_VAT = {"amount": 21, "type": "percent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTariff:
    """A tariff for points of a server, whose keys match the pattern `meters`.

    `details`, `price` and `costs` are the fields of the steps `user`, `price` and
    `surcharges` of the form.
    """

    backend: str
    meters: str
    details: Fields
    price: Fields
    costs: Fields = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of the tariff."""
        return str(self.details["name"])

    def meters_of(self, keys: Iterable[str]) -> list[str]:
        """Return those of a server's keys that the tariff is for."""
        return [key for key in keys if re.fullmatch(self.meters, key)]

    def forms(self, keys: Iterable[str]) -> dict[str, Fields]:
        """Return what is entered into each step, given all keys of the server."""
        details = self.details
        if details["applies_to"] == FOR_METERS:
            details = {**details, "meters": self.meters_of(keys)}
        return {"user": details, "price": self.price, "surcharges": self.costs}


def _details(
    name: str, applies_to: str, price_type: str, start: str = "2020"
) -> Fields:
    """Return the first step of a tariff that begins with a year or a month."""
    begin = f"{start}-01-01"[:10]
    return {
        "name": name,
        "applies_to": applies_to,
        "valid_from": f"{begin} 00:00:00",
        "price_type": price_type,
    }


TARIFFS: Sequence[DemoTariff] = (
    DemoTariff(
        backend="besmart",
        meters=f"{_HOUSE}32",
        details=_details("One price", "import", "fixed"),
        price={"unit": "EUR/kWh", "price": 0.2891},
        costs={"surcharges": [], "monthly": 14.5},
    ),
    DemoTariff(
        backend="besmart",
        meters=f"{_HOUSE}34",
        details=_details("Feed-in", "export", "fixed"),
        price={"unit": "ct/kWh", "price": 8.2},
    ),
    DemoTariff(
        backend="bemserver",
        meters=r"timeseries_(1|51|62)_amount",
        details=_details("By day and night", "import", "timed"),
        price={
            "unit": "ct/kWh",
            "rules": [
                {
                    "weekdays": ["mon", "tue", "wed", "thu", "fri"],
                    "from_hour": 7,
                    "to_hour": 23,
                    "price": 11.5,
                }
            ],
            "price": 8.25,
        },
        costs={
            "surcharges": [
                {"amount": 3.5, "type": "amount"},
                {
                    "amount": 6.0,
                    "type": "amount",
                    "months": ["11", "12", "1", "2", "3"],
                    "from_hour": 17,
                    "to_hour": 20,
                },
                _VAT,
            ],
            "daily": 0.85,
        },
    ),
    DemoTariff(
        backend="bemserver",
        meters=r"timeseries_7_amount",
        details=_details("Gas by the cubic metre", "gas", "fixed"),
        price={"unit": "EUR/m³", "price": 0.62, "heating_value": 10.55},
    ),
    DemoTariff(
        backend="bemserver",
        meters=r"timeseries_63_register",
        details=_details("Water", FOR_METERS, "fixed"),
        price={"unit": "EUR/m³", "price": 1.85},
    ),
    DemoTariff(
        backend="bemserver",
        meters=r"timeseries_9_amount",
        details=_details("District heating", FOR_METERS, "fixed"),
        price={"unit": "EUR/MWh", "price": 92.0},
    ),
    DemoTariff(
        backend="milesight",
        meters=r"\w+_(power_consumption|total_active_energy)",
        details=_details("By the hour", FOR_METERS, "sensor"),
        price={"sensor": PRICE_SENSOR, "unit": "EUR/kWh"},
        costs={
            "surcharges": [
                {"amount": 0.1229, "type": "amount"},
                {"amount": 0.06, "type": "amount", "from_hour": 17, "to_hour": 20},
                _VAT,
            ]
        },
    ),
    # A house that has changed: by the hour, then its server's contracts, then these.
    DemoTariff(
        backend="dsmr_reader",
        meters=r"electricity_delivered_[12]",
        details={
            **_details("By the hour", "import", "sensor"),
            "valid_to": "2025-07-01 00:00:00",
        },
        price={"sensor": PRICE_SENSOR, "unit": "EUR/kWh"},
        costs={
            "surcharges": [
                {"amount": 0.126, "type": "amount", "valid_to": "2024-01-01"},
                {
                    "amount": 0.1088,
                    "type": "amount",
                    "valid_from": "2024-01-01",
                    "valid_to": "2025-01-01",
                },
                {"amount": 0.1016, "type": "amount", "valid_from": "2025-01-01"},
                _VAT,
            ],
            "monthly": 5.99,
        },
    ),
    DemoTariff(
        backend="dsmr_reader",
        meters=r"electricity_delivered_[12]",
        details=_details("Day and night registers", "import", "registers", "2026-09"),
        price={"unit": "EUR/kWh", "price_1": 0.2215, "price_2": 0.2478},
    ),
    DemoTariff(
        backend="dsmr_reader",
        meters="gas",
        details={
            **_details("Gas by the kWh", "gas", "fixed"),
            "valid_to": "2025-01-01 00:00:00",
        },
        price={"unit": "EUR/kWh", "price": 0.1134, "heating_value": 9.77},
    ),
)
