"""The codes of the hours survive a restart, in a few letters per month."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
import random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.metering_hub.history.quality.memory import (
    QualityMemory,
    connected,
    parts_before,
)
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    HOUR_QUALITIES,
    LINE,
    MEASURED,
    MISSING,
    UNKNOWN,
    HourCodes,
)
from homeassistant.core import HomeAssistant

KEY = "metering_hub.entry.qualities"
HOUR = 3600.0


def at(*moment: int) -> float:
    """Return a moment in UTC in epoch seconds."""
    return datetime(*moment, tzinfo=UTC).timestamp()


def codes(*runs: tuple[int, int]) -> bytes:
    """Return codes from the code and the number of hours of each run."""
    return b"".join(bytes((code,)) * count for code, count in runs)


async def test_codes_survive_a_restart(
    hass: HomeAssistant, hass_storage: Mapping[str, Any]
) -> None:
    """A month is a text, months without codes are not there, and nothing else is."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    start = at(2026, 1, 31, 22)
    found = codes((MEASURED, 120), (LINE, 3), (COMPARABLE_DAYS, 24), (MEASURED, 597))
    memory.put("gas", [HourCodes(start, found)])
    await memory.async_save()
    assert hass_storage[KEY]["data"] == {
        "gas": {
            "2026-01": "U742M2",
            "2026-02": "M118L3D24M527",
            "2026-03": "M70",
        }
    }
    again = QualityMemory.of(hass, "entry")
    await again.async_load()
    end = start + len(found) * HOUR
    assert again.codes("gas", start, end) == found
    assert again.span("gas") == (start, end)
    around = again.codes("gas", start - 1000 * HOUR, end + 1000 * HOUR)
    assert around == codes((UNKNOWN, 1000)) + found + codes((UNKNOWN, 1000))


async def test_nothing_is_known_of_a_new_point(hass: HomeAssistant) -> None:
    """Hours without a code are unknown, and a point without any has no span."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    assert memory.codes("gas", at(2026, 1, 1), at(2026, 1, 2)) == bytes(24)
    assert memory.codes("gas", at(2026, 1, 1), at(2026, 1, 1)) == b""
    assert memory.span("gas") is None


async def test_any_order_of_puts_equals_a_plain_list(hass: HomeAssistant) -> None:
    """Overlapping spans over the edges of months replace what was there."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    choose = random.Random(7)
    start, hours = at(2023, 11, 20), 24 * 150
    expected = bytearray(hours)
    for _ in range(200):
        first = choose.randrange(hours - 1)
        last = min(first + choose.choice([1, 5, 30, 800]), hours)
        code = choose.randrange(len(HOUR_QUALITIES))
        expected[first:last] = bytes((code,)) * (last - first)
        put = HourCodes(start + first * HOUR, bytes((code,)) * (last - first))
        memory.put("heat", [put])
    assert memory.codes("heat", start, start + hours * HOUR) == bytes(expected)


@pytest.mark.parametrize(
    "stored",
    [
        {"gas": {"2026-01": "M9999"}},
        {"gas": {"2026-01": "M-5"}},
        {"gas": {"2026-01": "nonsense", "2026-13": "M5", "0001-01": "M5"}},
        {"gas": {"2026-01": 5}},
        {"gas": "M5"},
        ["gas"],
    ],
)
async def test_a_damaged_file_is_unknown(
    hass: HomeAssistant, hass_storage: dict[str, Any], stored: object
) -> None:
    """What cannot be read is left out, and can be put again."""
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": stored}
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    assert memory.span("gas") is None
    start = at(2026, 1, 1)
    memory.put("gas", [HourCodes(start, codes((MISSING, 2)))])
    assert memory.codes("gas", start, start + 3 * HOUR) == codes(
        (MISSING, 2), (UNKNOWN, 1)
    )


async def test_a_month_has_at_most_its_hours(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A text that stands for too many hours takes no more memory than a month."""
    stored = {"gas": {"2026-01": "M999" * 1000}}
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": stored}
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    assert memory.span("gas") == (at(2026, 1, 1), at(2026, 2, 1))


async def test_changes_are_saved_later(
    hass: HomeAssistant,
    hass_storage: Mapping[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    """Imports that follow each other do not put the save off; an equal code is none."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    start, revision = at(2026, 1, 1), memory.revision
    for index in range(3):
        memory.put("gas", [HourCodes(start + index * HOUR, codes((MEASURED, 1)))])
        assert KEY not in hass_storage
        freezer.tick(timedelta(minutes=5))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    assert hass_storage[KEY]["data"] == {"gas": {"2026-01": "M3"}}
    assert memory.revision == revision + 3
    memory.put("gas", [HourCodes(start, codes((MEASURED, 4)))])
    assert memory.revision == revision + 4
    await memory.async_close()
    assert hass_storage[KEY]["data"] == {"gas": {"2026-01": "M4"}}


async def test_nothing_is_saved_after_an_unload(
    hass: HomeAssistant,
    hass_storage: Mapping[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    """The file of an entry that is removed stays away."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    memory.put("gas", [HourCodes(at(2026, 1, 1), codes((MEASURED, 1)))])
    await memory.async_close()
    assert KEY in hass_storage
    await QualityMemory.of(hass, "entry").async_remove()
    memory.put("gas", [HourCodes(at(2026, 1, 1), codes((LINE, 1)))])
    freezer.tick(timedelta(hours=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert KEY not in hass_storage


async def test_hours_that_were_read_are_not_filled(hass: HomeAssistant) -> None:
    """Only what is unknown, missing or held can become missing without a reading."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    start = at(2026, 1, 31, 22)
    known = codes((MEASURED, 1), (MISSING, 1), (LINE, 1))
    memory.put("gas", [HourCodes(start, known)])
    memory.fill("gas", [HourCodes(start, codes((MISSING, 4)))])
    assert memory.codes("gas", start, start + 4 * HOUR) == known + codes((MISSING, 1))


async def test_clearing_forgets_all(
    hass: HomeAssistant, hass_storage: Mapping[str, Any]
) -> None:
    """Deleted statistics have no hours."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    memory.put("gas", [HourCodes(at(2026, 1, 1), codes((MEASURED, 1)))])
    await memory.async_clear()
    assert memory.span("gas") is None
    assert hass_storage[KEY]["data"] == {}


def test_codes_of_stored_rows() -> None:
    """Codes are split at the end of the rows that are stored."""
    found = [
        HourCodes(0.0, codes((MEASURED, 3))),
        HourCodes(3 * HOUR, codes((LINE, 2))),
    ]
    before, after = parts_before(found, 4 * HOUR)
    assert before == [found[0], HourCodes(3 * HOUR, codes((LINE, 1)))]
    assert after == [HourCodes(4 * HOUR, codes((LINE, 1)))]
    assert parts_before(found, float("inf")) == (found, [])
    assert parts_before(found, 0.0) == ([], found)
    assert parts_before(found, float("-inf")) == ([], found)


def test_codes_of_hours_in_a_row_are_joined() -> None:
    """A backfill has thousands of pieces, each of a day."""
    first, second = HourCodes(0.0, b"\1" * 3), HourCodes(3 * HOUR, b"\2" * 2)
    later = HourCodes(6 * HOUR, b"\1")
    assert connected([]) == []
    assert connected([first, second, later]) == [HourCodes(0.0, b"\1\1\1\2\2"), later]
