"""The faults that the data of a Beaver IoT can have, and what is right.

Source: docs/wire/milesight.md, History.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import chain
import re

from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dirt_calendar import Plan, sprinkle
from simulators.dirt_truth import Expected, RightLine
from simulators.faults import Json
from simulators.times import HOUR

from .model import Entity, Gap, Override
from .simulator import MilesightSimulator
from .sources import Register

_STEP = 1200
"""The longest interval between the reports of the chosen devices."""

_LARGE = ("Main feeder",)
"""Devices whose positions always have more than 16 bits: nothing resets them."""

_RESET = ("Heat pump meter", "Laundry plug", "Hall lights")
"""Devices that need more than a month to reach their position again."""

_CHOSEN = (*_RESET, *_LARGE, "Fridge plug", "Boiler plug")
_OTHER = re.compile(r"[^a-z0-9]+")


def name_of(entity: Entity) -> str:
    """Return the key of an entity as point keys contain it."""
    return _OTHER.sub("_", entity.key.lower()).strip("_")


def make_dirty(simulator: MilesightSimulator, seed: int) -> Dirt:
    """Sprinkle faults over the registers of some devices, and return the faults."""
    world = simulator.world
    plans = _plans(simulator)
    dirt = Dirt(sprinkle(plans, world.start, simulator.now, seed))
    for device in world.devices.values():
        registers = [*_registers(simulator, (device.name,))]
        keys = {name_of(entity) for entity, _ in registers}
        for spot in (spot for spot in dirt if keys & spot.keys):
            if spot.kind is SpotKind.OUTAGE:
                device.gaps.append(Gap(_moment(spot.start), _moment(spot.end)))
            elif spot.kind is SpotKind.EXCHANGE:
                device.site.resets.append(spot.start)
        for entity, source in registers:
            spots = [spot for spot in dirt if name_of(entity) in spot.keys]
            wrong = [_override(s, _scale(source)) for s in spots if s.is_wrong]
            world.override(entity, *wrong)
    return dirt


def _plans(simulator: MilesightSimulator) -> list[Plan]:
    """Return the faults that the chosen devices can have."""
    plan = partial(Plan, step=_STEP)
    every, large, reset = (
        frozenset(name_of(each) for each, _ in _registers(simulator, names))
        for names in (_CHOSEN, _LARGE, _RESET)
    )
    wrong = [
        plan(SpotKind.HIGH, every, amount=10_000_000),
        plan(SpotKind.ZERO, every, readings=2),
        plan(SpotKind.TENFOLD, every),
        plan(SpotKind.WRAP_32, every),
    ]
    odd = [
        plan(SpotKind.EXCHANGE, reset, rare=True),
        plan(SpotKind.DIP, every, readings=2),
        plan(SpotKind.OUTAGE, every, readings=8 * HOUR // _STEP),
        plan(SpotKind.WRAP_16, large),
    ]
    return [*chain.from_iterable(zip(wrong, odd, strict=True))]


def _registers(
    simulator: MilesightSimulator, names: tuple[str, ...]
) -> Iterator[tuple[Entity, Register]]:
    """Yield the registers of the devices with these names."""
    for entity in simulator.world.entities.values():
        source = entity.template.source
        is_chosen = entity.device is not None and entity.device.name in names
        if is_chosen and isinstance(source, Register):
            yield entity, source


def _override(spot: Spot, scale: int) -> Override:
    """Return the wrong values of a register with so many steps in its unit."""

    def distort(value: Json) -> Json:
        """Return what a true value is shown as."""
        if not isinstance(value, int | float):
            return value
        wrong = spot.distort(round(value * scale))
        return wrong if isinstance(value, int) else wrong / scale

    return Override(distort, _moment(spot.start), _moment(spot.end))


def _scale(source: Register) -> int:
    """Return the steps of a register in its unit."""
    scale: int = 10 ** (source.digits or 0)
    return scale


def _moment(when: int) -> datetime:
    """Return seconds since 1970 as aware UTC."""
    return datetime.fromtimestamp(when, UTC)


def expected(simulator: MilesightSimulator, dirt: Dirt, name: str) -> Expected | None:
    """Return the right line of a register, in its unit."""
    for entity in simulator.world.entities.values():
        source = entity.template.source
        is_named = name_of(entity) == name
        if is_named and isinstance(source, Register) and entity.device is not None:
            times = entity.device.reports(entity.created, simulator.now)
            counted = partial(source.counted, entity.site)
            shown = partial(source.units, entity.site)
            return RightLine(name, counted, _scale(source), times, dirt, shown=shown)
    return None
