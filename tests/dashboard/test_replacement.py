"""Sources of the Energy dashboard are replaced by ours, and put back."""

from collections.abc import Sequence

from custom_components.metering_hub.dashboard.energy_sources import (
    Candidate,
    SourceKind,
)
from custom_components.metering_hub.dashboard.placement import Reason
from custom_components.metering_hub.dashboard.preferences import Source
from custom_components.metering_hub.dashboard.replacement import (
    Change,
    others_of,
    replace_sources,
    restore_sources,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity

THEIRS: Source = {
    "type": "grid",
    "stat_energy_from": "sensor.in",
    "stat_energy_to": "sensor.out",
    "number_energy_price": 0.3,
    "number_energy_price_export": 0.1,
    "stat_rate": "sensor.power",
    "cost_adjustment_day": 0.0,
}
SOLAR: Source = {"type": "solar", "stat_energy_from": "sensor.roof"}
NO_POWER = {name: THEIRS[name] for name in THEIRS if name != "stat_rate"}


def is_own(statistic_id: str) -> bool:
    return statistic_id.startswith("hub:")


def grid(**fields: str | None) -> Candidate:
    """Return a grid connection of ours."""
    statistics = tuple(fields[name] for name in fields if "energy" in name)
    return candidate(SourceKind.GRID, Quantity.ENERGY, *statistics, **fields)


def candidate(
    kind: SourceKind, quantity: Quantity, *statistics: str | None, **fields: str | None
) -> Candidate:
    """Return a source of ours."""
    point = Point(
        key="point", device_key="meter", quantity=quantity, kind=Kind.REGISTER
    )
    return Candidate(
        kind=kind,
        points=(point,),
        statistics=tuple(each for each in statistics if each),
        config={"type": kind.value, **fields},
    )


def changed(sources: Sequence[Source], ours: Candidate) -> Change:
    """Return the sources with ours in the place of others."""
    others = others_of(sources, [ours], Reason.FROM_ELSEWHERE, is_own, {})
    change = replace_sources(sources, [ours], others, is_own, {})
    assert change is not None
    return change


def test_ours_stand_where_the_other_one_stood() -> None:
    """All parts of it are ours now."""
    ours = grid(stat_energy_from="hub:in", stat_energy_to="hub:out", stat_rate="s.p")
    change = changed([SOLAR, THEIRS, SOLAR], ours)
    assert change.sources == [SOLAR, ours.config, SOLAR]
    assert change.replacement.kept == ()
    undone = restore_sources(change.sources, change.replacement)
    assert undone is not None
    assert undone.sources == [SOLAR, THEIRS, SOLAR]


def test_parts_that_we_lack_stay() -> None:
    """The return to the grid and the power are still counted by others."""
    ours = grid(stat_energy_from="hub:in", stat_energy_to=None)
    change = changed([THEIRS], ours)
    kept = {**THEIRS, "stat_energy_from": None, "number_energy_price": None}
    kept |= {"stat_cost": None, "entity_energy_price": None}
    assert change.sources == [ours.config, kept]
    undone = restore_sources(change.sources, change.replacement)
    assert undone is not None
    assert undone.sources == [THEIRS]


def test_power_alone_is_taken_from_what_stays() -> None:
    """A second connection with the same power is refused by Home Assistant."""
    ours = grid(stat_energy_from="hub:in", stat_energy_to=None, stat_rate="hub:p")
    kept = changed([THEIRS], ours).sources[1]
    assert (kept["stat_energy_to"], "stat_rate" in kept) == ("sensor.out", False)


def test_gas_in_another_unit_is_replaced_also_if_it_is_ours() -> None:
    """The user chooses which of them is shown."""
    campus = {"type": "gas", "stat_energy_from": "hub:campus"}
    units = {"hub:campus": "energy"}
    ours = candidate(
        SourceKind.GAS, Quantity.GAS, "hub:gas", stat_energy_from="hub:gas"
    )
    others = others_of([campus], [ours], Reason.OTHER_UNIT, is_own, units)
    change = replace_sources([campus], [ours], others, is_own, units)
    assert change is not None
    assert change.sources == [ours.config]
    assert change.replacement.replaced == (campus,)


def test_what_the_user_added_again_is_not_restored_twice() -> None:
    """Home Assistant refuses a meter that is in two connections."""
    ours = grid(stat_energy_from="hub:in", stat_energy_to="hub:out", stat_rate="s.p")
    change = changed([THEIRS], ours)
    again = {**NO_POWER, "name": "Mine"}
    undone = restore_sources([*change.sources, again], change.replacement)
    assert undone is not None
    assert undone.sources == [again]


def test_what_was_kept_gives_way_also_if_the_user_has_changed_it() -> None:
    ours = grid(stat_energy_from="hub:in", stat_energy_to=None)
    change = changed([THEIRS, SOLAR], ours)
    (kept,) = change.replacement.kept
    edited = {**kept, "number_energy_price_export": 0.05, "name": "Roof"}
    sources = [edited if each == kept else each for each in change.sources]
    restored = restore_sources(sources, change.replacement)
    assert restored is not None
    assert restored.sources == [THEIRS, SOLAR]


def test_nothing_is_restored_where_ours_are_gone() -> None:
    """The user has decided otherwise since."""
    ours = grid(stat_energy_from="hub:in", stat_energy_to="hub:out")
    change = changed([THEIRS], ours)
    assert restore_sources([SOLAR], change.replacement) is None
