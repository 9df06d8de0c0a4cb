"""The repair issue about warnings that repeat: what was seen, and where to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...metering.data_quality import RULE_NAMES, WarningRule
from ..maths.checked_hours import DataWarning

REPEATED_DAYS = 3
REPEATED_WITHIN = timedelta(days=14)
"""On how many of the last days a rule must have warned of a point."""

SHOWN = 10
"""How many repeated warnings the issue lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedWarning:
    """What a rule found of a point on several local days, and the newest warning."""

    days: Sequence[date]
    newest: DataWarning


def repeated(
    warnings: Sequence[DataWarning], now: datetime
) -> Sequence[RepeatedWarning]:
    """Return what repeats among warnings, newest first as they are."""
    newest: dict[tuple[WarningRule, str], DataWarning] = {}
    days: dict[tuple[WarningRule, str], set[date]] = {}
    for warning in warnings:
        key = (warning.rule, warning.point)
        newest.setdefault(key, warning)
        days.setdefault(key, set()).update(_days(warning, now - REPEATED_WITHIN))
    return [
        RepeatedWarning(days=sorted(days[key]), newest=warning)
        for key, warning in newest.items()
        if len(days[key]) >= REPEATED_DAYS
    ]


def _days(warning: DataWarning, since: datetime) -> set[date]:
    """Return the local days of a warning from a moment on; they are at most 15."""
    first = dt_util.as_local(max(warning.start, since)).date()
    last = dt_util.as_local(warning.end - timedelta(hours=1)).date()
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


async def async_report_repeated(
    hass: HomeAssistant,
    entry: ConfigEntry,
    warnings: Sequence[DataWarning],
    names: Mapping[str, str],
) -> None:
    """Create the repair issue about the warnings that repeat, or delete it.

    `names` are those of the points by key.
    """
    if not (found := repeated(warnings, dt_util.utcnow())):
        ir.async_delete_issue(hass, DOMAIN, warnings_issue_id(entry))
        return
    place = f"component.{DOMAIN}.selector.{RULE_NAMES}.options."
    texts = await async_get_translations(
        hass, hass.config.language, "selector", {DOMAIN}
    )
    lines = [
        _line(each, names, texts.get(f"{place}{each.newest.rule}", each.newest.rule))
        for each in found
    ]
    documentation = (await async_get_integration(hass, DOMAIN)).documentation
    ir.async_create_issue(
        hass,
        DOMAIN,
        warnings_issue_id(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        learn_more_url=f"{documentation}/blob/main/docs/data_quality.md#warnings",
        translation_key="repeated_warnings",
        translation_placeholders={
            "title": entry.title,
            "count": str(len(found)),
            # The blank lines make it a list of its own, amid the text.
            "warnings": "\n".join(["\n", *lines[:SHOWN], "\n"]),
        },
    )


def _line(each: RepeatedWarning, names: Mapping[str, str], rule: str) -> str:
    """Return a line of a list, in words of the user's language and numbers only."""
    newest = each.newest
    seen, expected = (f"{number:g}" for number in (newest.seen, newest.expected))
    name = names.get(newest.point, newest.point)
    first, last = each.days[0].isoformat(), each.days[-1].isoformat()
    return (
        f"- **{name}**: {rule}, {first} / {last}: "
        f"{seen} {newest.unit} ({expected} {newest.unit})"
    )


def warnings_issue_id(entry: ConfigEntry) -> str:
    """Return the id of the repair issue about warnings that repeat."""
    return f"repeated_warnings_{entry.entry_id}"
