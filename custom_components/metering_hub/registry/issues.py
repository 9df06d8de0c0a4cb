"""Repair issues of entries: about what a server lacks, and the deletion of any."""

from collections.abc import Container, Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN

_NAMED = 5
"""How many missing devices the repair issue names."""


def report_missing[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], names: Sequence[str]
) -> None:
    """Create the repair issue about what the server lacks, or delete it.

    Their values are unavailable from now on, and nothing else would say why.
    """
    if not names:
        delete_missing_issue(hass, entry)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _missing_issue_id(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="devices_missing",
        translation_placeholders={
            "title": entry.title,
            "count": str(len(names)),
            "names": ", ".join(sorted(names, key=str.casefold)[:_NAMED]),
        },
    )


def delete_missing_issue[Data](hass: HomeAssistant, entry: ConfigEntry[Data]) -> None:
    """Delete the repair issue about missing devices, if it exists."""
    ir.async_delete_issue(hass, DOMAIN, _missing_issue_id(entry))


def _missing_issue_id[Data](entry: ConfigEntry[Data]) -> str:
    """Return the id of the repair issue about the missing devices of an entry."""
    return f"devices_missing_{entry.entry_id}"


@callback
def delete_issues(
    hass: HomeAssistant, prefix: str, kept: Container[str] = frozenset()
) -> None:
    """Delete our issues whose ids begin with a prefix, except those that are `kept`."""
    for domain, issue_id in [*ir.async_get(hass).issues]:
        if domain == DOMAIN and issue_id.startswith(prefix) and issue_id not in kept:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
