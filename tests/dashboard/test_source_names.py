"""Names of sources on the Energy dashboard are short, and tell the sources apart."""

from dataclasses import replace

from custom_components.metering_hub.dashboard.energy_sources import (
    Candidate,
    SourceKind,
)
from custom_components.metering_hub.dashboard.source_names import (
    SourceNames,
    with_names,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity

NAMES = SourceNames(
    devices={"meter": "Electricity meter", "gas": "Gas meter", "plug": "Fridge plug"},
    points={"in_1": "Delivered, low tariff", "in_2": "Delivered", "x": "Delivered"},
    tariffs={1: "Low tariff"},
)


def candidate(
    kind: SourceKind, device: str, key: str, tariff: int | None = None
) -> Candidate:
    """Return a source that counts one point."""
    point = Point(
        key=key,
        device_key=device,
        quantity=Quantity.ENERGY,
        kind=Kind.REGISTER,
        tariff_number=tariff,
    )
    return Candidate(kind=kind, points=(point,), statistics=(f"x:{key}",), config={})


def names(*candidates: Candidate) -> list[str]:
    """Return the names that the dashboard shows."""
    return [each.name for each in with_names(candidates, NAMES)]


def test_only_source_of_its_device_is_called_like_it() -> None:
    """Also beside sources of another kind."""
    assert names(
        candidate(SourceKind.GRID, "meter", "in_1", 1),
        candidate(SourceKind.GAS, "gas", "gas"),
        candidate(SourceKind.DEVICE, "plug", "plug"),
    ) == ["Electricity meter", "Gas meter", "Fridge plug"]


def test_several_sources_are_called_by_what_they_count() -> None:
    """A tariff that nobody names is called like its register."""
    assert names(
        candidate(SourceKind.GRID, "meter", "in_1", 1),
        candidate(SourceKind.GRID, "meter", "in_2", 2),
    ) == ["Low tariff", "Delivered"]


def test_equal_names_are_followed_by_the_device() -> None:
    """The difference would otherwise be missing."""
    assert names(
        candidate(SourceKind.DEVICE, "meter", "in_1"),
        candidate(SourceKind.DEVICE, "meter", "in_2"),
        candidate(SourceKind.DEVICE, "plug", "in_2"),
        candidate(SourceKind.DEVICE, "plug", "x"),
    ) == [
        "Delivered, low tariff",
        "Delivered (Electricity meter)",
        "Delivered (Fridge plug)",
        "Delivered (Fridge plug)",
    ]


def test_place_tells_houses_apart() -> None:
    """Two houses may have meters with the same tariffs."""
    gas = "Gas meter \N{MIDDLE DOT} Beach"
    found = with_names(
        [
            candidate(SourceKind.GRID, "meter", "in_1", 1),
            candidate(SourceKind.GRID, "meter", "in_2", 2),
            candidate(SourceKind.GAS, "gas", "gas"),
        ],
        replace(NAMES, place="Beach", devices={"gas": gas}),
    )
    assert [each.name for each in found] == [
        "Low tariff \N{MIDDLE DOT} Beach",
        "Delivered \N{MIDDLE DOT} Beach",
        gas,
    ]


def test_source_without_any_name_has_none() -> None:
    """The dashboard then shows that of the statistic."""
    (found,) = with_names([candidate(SourceKind.GAS, "unknown", "gas")], NAMES)
    assert "name" not in found.config
    assert found.name == "x:gas"
