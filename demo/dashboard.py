"""The dashboard "Metering Hub", made of the files in docs/dashboards."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
import re
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.util.yaml import parse_yaml

from .home_assistant import HomeAssistant
from .processes import ROOT
from .progress import say
from .servers import Server

FILES = ROOT / "docs" / "dashboards"
OVERVIEW, DATA_QUALITY = "overview", "data_quality"
GENERAL = (OVERVIEW, DATA_QUALITY)
"""The files for all backends; each of the others is for the backend of its name."""

URL_PATH = "metering-hub"
DASHBOARD = {
    "url_path": URL_PATH,
    "title": "Metering Hub",
    "icon": "mdi:meter-electric",
    "show_in_sidebar": True,
    "require_admin": False,
}
ENTITY = re.compile(
    r"(binary_sensor|button|event|number|select|sensor|switch)\.[a-z0-9_]+"
)
STATISTIC = re.compile(r"metering_hub:\w+")

type View = Mapping[str, Any]


def files_of(servers: Iterable[Server]) -> list[str]:
    """Return the names of the files that fit these servers."""
    return [*GENERAL, *(server.kind.backend for server in servers)]


def views_of(name: str, statistic_ids: Iterable[str]) -> list[View]:
    """Return the views of a file, with the scope of this backend's statistics."""
    text = (FILES / f"{name}.yaml").read_text(encoding="utf-8")
    pattern = re.compile(rf"metering_hub:{name}_[0-9a-f]{{8}}_")
    scopes = {found[0] for each in statistic_ids if (found := pattern.match(each))}
    # The demo has at most one entry of each backend, and so one scope.
    for scope in scopes:
        text = text.replace(f"metering_hub:{name}_SCOPE_", scope)
    parsed: Any = parse_yaml(text)
    views: list[View] = parsed["views"]
    return views


def named(part: object) -> Iterator[str]:
    """Yield the entities and statistics that a part of a dashboard names."""
    if isinstance(part, str):
        if ENTITY.fullmatch(part) or STATISTIC.fullmatch(part):
            yield part
    elif isinstance(part, Mapping):
        for each in part.values():
            yield from named(each)
    elif isinstance(part, Sequence):
        for each in part:
            yield from named(each)


async def show_views(
    api: HomeAssistant, servers: Sequence[Server], known: Sequence[str]
) -> list[str]:
    """Add the files that are not `known` to the dashboard, and return their names.

    Views that a user changed or removed stay as they are.
    """
    new = [name for name in files_of(servers) if name not in known]
    if not new:
        return []
    dashboards = await api.command("lovelace/dashboards/list")
    config: Mapping[str, Any] = {"views": []}
    if all(each["url_path"] != URL_PATH for each in dashboards):
        await api.command("lovelace/dashboards/create", **DASHBOARD)
    elif known:
        config = await api.command("lovelace/config", url_path=URL_PATH)
    ids = await _statistic_ids(api)
    views = [view for name in new for view in views_of(name, ids)]
    config = {**config, "views": [*config["views"], *views]}
    await api.command("lovelace/config/save", url_path=URL_PATH, config=config)
    say(f'On the dashboard "Metering Hub": {", ".join(new)}.')
    return new


async def check_views(api: HomeAssistant, servers: Sequence[Server]) -> bool:
    """Return True if the files only name what exists, and print what does not."""
    ids = await _statistic_ids(api)
    entities = await api.command("config/entity_registry/list")
    there = {*ids, *(str(entity["entity_id"]) for entity in entities)}
    zone = ZoneInfo((await api.command("get_config"))["time_zone"])
    may_be_missing = without_value(datetime.now(zone))
    missing = set()
    for file in files_of(servers):
        names = {*named(views_of(file, ids))}
        missing |= names - there
        say(f"docs/dashboards/{file}.yaml: {len(names)} entities and statistics")
    for name in sorted(missing):
        if name.endswith(may_be_missing):
            say(f"{name} is not there yet: it has no value on the first of the month.")
        else:
            print(f"WRONG {name} does not exist")
    return all(name.endswith(may_be_missing) for name in missing)


def without_value(now: datetime) -> tuple[str, ...]:
    """Return how the entities end that may have had no value yet, and so do not exist.

    The first value of a month comes after its first day.
    """
    kinds = ("heating", "cooling")
    names = tuple(f"_this_month_s_{kind}_degree_days" for kind in kinds)
    return names if now.day == 1 else ()


async def _statistic_ids(api: HomeAssistant) -> frozenset[str]:
    """Return the ids of all statistics."""
    known = await api.command("recorder/list_statistic_ids")
    return frozenset(str(each["statistic_id"]) for each in known)
