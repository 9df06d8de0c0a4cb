"""The repair issues about prices of an entry that charge nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..registry.issues import delete_issues
from .maths.tariff import Tariff
from .stored import CONF_CURRENCY

_SERVER = "server"
"""What stands for the server's prices in the id of an issue."""


class TariffProblem(StrEnum):
    """Why prices charge nothing; the key of the issue about it."""

    BROKEN = "tariff_broken"
    OTHER_CURRENCY = "tariff_currency"
    SERVER_CURRENCY = "server_currency"


@dataclass(frozen=True, slots=True)
class _Issue:
    """An issue about a tariff with a key, or about the prices of the server."""

    key: str
    problem: TariffProblem
    tariff: str = "-"
    currency: str = "-"


@callback
def report_tariffs[Data](
    hass: HomeAssistant,
    entry: ConfigEntry[Data],
    *,
    broken: Iterable[ConfigSubentry],
    others: Iterable[Tariff],
    server_currency: str | None,
) -> None:
    """Create the issues about the prices of an entry, and delete all others of it.

    `others` are the tariffs in another currency than Home Assistant's, and
    `server_currency` is that of the server's prices if they are in another one, too.
    """
    found = [
        *(
            _Issue(each.subentry_id, TariffProblem.BROKEN, each.title)
            for each in broken
        ),
        *(_other_currency(entry, tariff) for tariff in others),
    ]
    if server_currency is not None:
        problem = TariffProblem.SERVER_CURRENCY
        found.append(_Issue(_SERVER, problem, currency=server_currency))
    for issue in found:
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(entry.entry_id, issue.key),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=issue.problem,
            translation_placeholders={
                "title": entry.title,
                "tariff": issue.tariff,
                "currency": issue.currency,
                "expected": hass.config.currency,
            },
        )
    kept = {_issue_id(entry.entry_id, issue.key) for issue in found}
    delete_issues(hass, _issue_id(entry.entry_id, ""), kept)


def _other_currency[Data](entry: ConfigEntry[Data], tariff: Tariff) -> _Issue:
    """Return the issue about a tariff in another currency than Home Assistant's."""
    currency = str(entry.subentries[tariff.key].data[CONF_CURRENCY])
    return _Issue(tariff.key, TariffProblem.OTHER_CURRENCY, tariff.name, currency)


@callback
def delete_tariff_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the issues about the prices of an entry."""
    delete_issues(hass, _issue_id(entry_id, ""))


def _issue_id(entry_id: str, key: str) -> str:
    """Return the id of the issue about a tariff of an entry."""
    return f"tariff_{entry_id}_{key}"
