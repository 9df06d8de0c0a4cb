"""The repair issues about sources of prices that a tariff needs and that fail."""

from enum import StrEnum
import hashlib

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..registry.issues import delete_issues
from .maths.tariff import Base
from .source import tariffs_by_source

_PREFIX = "price_source_"


class SourceProblem(StrEnum):
    """What keeps a source from having prices; the key of the issue about it."""

    SENSOR_MISSING = "price_sensor_missing"
    SENSOR_NOT_RECORDED = "price_sensor_not_recorded"
    SENSOR_UNIT = "price_sensor_unit"
    ACTION_MISSING = "price_action_missing"


@callback
def report_source(
    hass: HomeAssistant,
    source: str,
    base: Base,
    problem: SourceProblem | None,
    *,
    name: str,
    unit: str | None,
    expected: str,
) -> None:
    """Create the issue about a source, or delete it if there is no problem.

    Until Home Assistant has started, other integrations may lack what they are about to
    add. A source that no tariff uses is only tried by a form, which says itself what is
    wrong.
    """
    if hass.state is not CoreState.running:
        return
    tariffs = tariffs_by_source(hass).get(source)
    issue_id = _issue_id(source, base)
    if problem is None or not tariffs:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=problem,
        translation_placeholders={
            "tariffs": ", ".join(tariffs),
            "name": name,
            "unit": unit or "-",
            "expected": expected,
        },
    )


@callback
def delete_unused_issues(hass: HomeAssistant) -> None:
    """Delete the issues about sources that no tariff uses any more."""
    used = {
        _issue_id(source, base) for source in tariffs_by_source(hass) for base in Base
    }
    delete_issues(hass, _PREFIX, kept=used)


def _issue_id(source: str, base: Base) -> str:
    """Return the id of the issue about a source of prices per kWh or m³."""
    # A source may name a home, which no id should show.
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    return f"{_PREFIX}{digest}_{base.name.lower()}"
