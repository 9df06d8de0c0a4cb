"""Which questions about an entry's points nobody has answered, and their cards."""

from collections.abc import Iterable, Iterator

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_ENERGY_DASHBOARD, DOMAIN
from ..data import MeteringHubConfigEntry, RuntimeData
from ..identifiers import scope_of
from ..metering.inventory import Inventory, KindQuestion
from ..metering.meter_roles import open_candidates
from ..metering.model import Kind, Point
from ..metering.point_settings import PointSettings
from ..registry.entries import is_enabled
from ..registry.issues import delete_issues
from ..registry.names import full_name

UNDECIDED_POINTS = "undecided_points"
KIND_CONTRADICTED = "kind_contradicted"
GRID_METER_UNKNOWN = "grid_meter_unknown"

SHOWN = 5
"""How many undecided points a card names."""


def undecided_points(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, inventory: Inventory
) -> dict[str, str]:
    """Return the names of the points of which nobody has said the kind, by key.

    Points whose entities are disabled are left out: nobody misses their values. So are
    those without any value of late, which nobody could answer for.
    """
    undecided = [
        point
        for point in inventory.points.values()
        if point.kind is Kind.UNDECIDED
        and ((question := inventory.questions.get(point.key)) is None or question.week)
    ]
    names = {
        point.key: full_name(hass, entry, point)
        for point in _unanswered(hass, entry, undecided)
    }
    return dict(sorted(names.items(), key=lambda item: (item[1].casefold(), item[0])))


def contradicted_points(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, data: RuntimeData
) -> dict[str, KindQuestion]:
    """Return the questions about kinds that the data contradict, by point key.

    Those about recorded rows come first: without an answer nothing is imported. They
    are also asked of points whose kind the user has said, and of disabled ones.
    """
    inventory = data.inventory.data
    about_rows = data.history.questions if data.history else {}
    contradicted = [
        inventory.points[key]
        for key, question in inventory.questions.items()
        if question.kind is not Kind.UNDECIDED
        and question.suggested not in (None, question.kind)
    ]
    return {
        point.key: inventory.questions[point.key]
        for point in _unanswered(hass, entry, contradicted)
    } | {key: each for key, each in about_rows.items() if key in inventory.points}


def kind_of_rows(entry: MeteringHubConfigEntry, point: Point) -> Kind | None:
    """Return the kind of the recorded rows of a point that is of another kind now."""
    history = entry.runtime_data.history
    question = history.questions.get(point.key) if history else None
    return question.kind if question else None


def _unanswered(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, points: Iterable[Point]
) -> Iterator[Point]:
    """Yield the points that are shown, and of which the user has not said the kind."""
    for point in points:
        settings = PointSettings.of_point(entry.options, point)
        if settings.kind is None and is_enabled(hass, entry, point):
            yield point


def follow_questions(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Keep the cards in step with the questions about the points of an entry.

    They are in its inventory, and its history finds rows of another kind.
    """
    data = entry.runtime_data
    inventory, history = data.inventory, data.history

    @callback
    def follow() -> None:
        """Create and delete cards after a successful update."""
        if inventory.last_update_success:
            _report_undecided(hass, entry, inventory.data)
            _report_contradicted(hass, entry, data)
            _report_grid(hass, entry, inventory.data)

    @callback
    def follow_history() -> None:
        """Create and delete the cards about recorded rows."""
        if inventory.last_update_success:
            _report_contradicted(hass, entry, data)

    entry.async_on_unload(inventory.async_add_listener(follow))
    if history is not None:
        entry.async_on_unload(history.async_add_listener(follow_history))
    follow()


def _report_undecided(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, inventory: Inventory
) -> None:
    """Create the card about undecided points, or delete it."""
    issue_id = f"{UNDECIDED_POINTS}_{entry.entry_id}"
    if not (names := undecided_points(hass, entry, inventory)):
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="undecided_points",
        translation_placeholders={
            "title": entry.title,
            "count": str(len(names)),
            "names": ", ".join([*names.values()][:SHOWN]),
        },
        data={"entry_id": entry.entry_id},
    )


def _report_contradicted(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, data: RuntimeData
) -> None:
    """Create a card for each point whose kind is contradicted, and delete the rest."""
    questions = contradicted_points(hass, entry, data)
    ids = {key: contradiction_id(entry.entry_id, key) for key in questions}
    prefix = f"{KIND_CONTRADICTED}_{entry.entry_id}_"
    delete_issues(hass, prefix, kept=set(ids.values()))
    for key, issue_id in ids.items():
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="kind_contradicted",
            translation_placeholders={
                "title": entry.title,
                "point": full_name(hass, entry, data.inventory.data.points[key]),
            },
            data={"entry_id": entry.entry_id, "point": key},
        )


def contradiction_id(entry_id: str, key: str) -> str:
    """Return the id of the card about a point, whose key may have a serial number.

    Home Assistant stores the ids of all cards, and shows them in its diagnostics.
    """
    return f"{KIND_CONTRADICTED}_{entry_id}_{scope_of(key)}"


def _report_grid(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, inventory: Inventory
) -> None:
    """Create the card about meters of which none is at the grid, or delete it."""
    issue_id = f"{GRID_METER_UNKNOWN}_{entry.entry_id}"
    meters = open_candidates(inventory)
    if not meters or not entry.options.get(CONF_ENERGY_DASHBOARD, True):
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="grid_meter_unknown",
        translation_placeholders={"title": entry.title, "count": str(len(meters))},
        learn_more_url=f"homeassistant://config/integrations/integration/{DOMAIN}",
    )


def delete_questions(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the cards of an entry that is removed."""
    for key in (UNDECIDED_POINTS, KIND_CONTRADICTED, GRID_METER_UNKNOWN):
        delete_issues(hass, f"{key}_{entry.entry_id}")
