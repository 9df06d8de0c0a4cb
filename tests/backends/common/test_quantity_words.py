"""What meters are of, by words in the languages of their users."""

import pytest

from custom_components.metering_hub.backends.common.quantity_words import named_quantity
from custom_components.metering_hub.metering.model import Quantity

FUELS = (
    *("Heating oil", "Diesel generator", "Wood", "wood chips", "LPG tank", "Steam"),
    *(
        "Fioul 2",
        "Mazout",
        "Bois",
        "Granulés",
        "Propane",
        "Vapeur",
        "GPL",
        "Gazole",
    ),
    *(
        "Heizöl",
        "Heizölverbrauch",
        "HEIZOEL",
        "Holz",
        "Pellets",
        "Dampf",
        "Wasserdampf",
    ),
    *("Stookolie", "Hout", "Stoom", "Gasóleo C", "Leña", "Vapor", "Gasolio", "Legna"),
    *("Olej opałowy", "Drewno", "Węgiel", "para wodna", "Gasoil", "gas oil", "gaz-oil"),
    *("Wasserstoff", "Propane gas", "woodChips", "Water vapour", "boiler_oil_index"),
)
GASES = (
    *("Gas", "Site gas all", "gas_index", "GasMeter", "Natural gas", "Gaz naturel"),
    *(
        "Gaszähler",
        "Gasverbrauch",
        "GASZÄHLERSTAND",
        "Erdgas",
        "Aardgas",
        "Gasmeterstand",
    ),
    *("Gas natural", "Metano", "Gaz ziemny", "zużycie gazu", "gazomierz"),
)
WATERS = (
    *("Water", "cold_water", "Site water index", "Eau froide", "ECS", "Kaltwasser"),
    *("Warmwasserzähler", "Gasthaus Wasser", "Drinkwater", "Waterverbruik", "Agua"),
    *(
        "Acqua fredda",
        "Woda zimna",
        "zużycie wody",
        "wodomierz",
        "H2O",
        "Las Vegas water",
    ),
)
NEITHER = (
    *(
        "",
        "Series 7",
        "Las Vegas",
        "Gasthaus",
        "Boiler",
        "Data log",
        "Toiletten",
        "Noël",
    ),
    *("Gas boiler hot water", "Wasser und Heizöl"),
)


@pytest.mark.parametrize(
    ("names", "quantity"),
    [
        (FUELS, Quantity.FUEL),
        (GASES, Quantity.GAS),
        (WATERS, Quantity.WATER),
        (NEITHER, None),
    ],
)
def test_words(names: tuple[str, ...], quantity: Quantity | None) -> None:
    assert {name: named_quantity(name) for name in names} == dict.fromkeys(
        names, quantity
    )


def test_the_first_text_that_names_something_decides() -> None:
    assert named_quantity("Series 7", "of gas") is Quantity.GAS
    assert named_quantity("Water", "of the gas boiler") is Quantity.WATER
