"""What was replaced on the Energy dashboard is remembered."""

from custom_components.metering_hub.dashboard.replaced_sources import ReplacedSources
from custom_components.metering_hub.dashboard.replacement import Replacement
from homeassistant.core import HomeAssistant


def replacement(number: int) -> Replacement:
    """Return a replacement of the source with a number."""
    return Replacement(
        kind="gas",
        replaced=({"type": "gas", "stat_energy_from": f"sensor.gas_{number}"},),
        added=({"type": "gas", "stat_energy_from": "hub:gas"},),
    )


async def test_the_last_ten_are_kept(hass: HomeAssistant) -> None:
    """Older ones go first, also from the file; another entry has its own."""
    replaced = ReplacedSources(hass)
    made = [replacement(number) for number in range(12)]
    await replaced.async_set("one", made)
    await replaced.async_set("other", made[:1])
    again = ReplacedSources(hass)
    await again.async_load()
    for each in (replaced, again):
        assert each.of("one") == made[2:]
        assert each.of("other") == made[:1]


async def test_a_removed_entry_is_forgotten(hass: HomeAssistant) -> None:
    """Nothing is left of its replacements, and an unknown entry has none."""
    replaced = ReplacedSources(hass)
    await replaced.async_set("one", [replacement(1)])
    await replaced.async_set("one", [])
    await replaced.async_set("unknown", [])
    again = ReplacedSources(hass)
    await again.async_load()
    assert again.of("one") == again.of("unknown") == []
