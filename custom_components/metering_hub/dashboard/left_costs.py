"""Tell the user of costs on the Energy dashboard that are gone."""

from collections.abc import Sequence
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from .preferences import Source, counted_statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftCost:
    """A cost that is gone, and the source on which the user has put it."""

    source: Source
    cost: str

    @property
    def description(self) -> str:
        """Return the source with the cost that it shows."""
        counted = ", ".join(counted_statistics([self.source]))
        name = self.source.get("name") or counted or self.source["type"]
        return f"**{name}** ({self.cost})"


@callback
def report_left_costs(
    hass: HomeAssistant, entry: ConfigEntry, left: Sequence[LeftCost]
) -> None:
    """Create an issue that names the costs that are left, or delete it."""
    if not left:
        delete_left_costs(hass, entry)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="costs_left",
        translation_placeholders={
            "title": entry.title,
            "sources": ", ".join(each.description for each in left),
        },
    )


@callback
def delete_left_costs(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issue of an entry if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: ConfigEntry) -> str:
    """Return the id of an entry's issue."""
    return f"costs_left_{entry.entry_id}"
