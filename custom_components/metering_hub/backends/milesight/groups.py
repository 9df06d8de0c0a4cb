"""Find the entities that have to be written together.

Source: docs/wire/milesight.md, Control.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...metering.inventory import SettingField, SettingGroup
from ...metering.model import Kind
from ..common.concurrency import LoopYielder
from .commands import has_choice, is_command
from .entity_rows import EntityRow, EntityType, ValueType
from .features import LatestEndpoint
from .points import EntityContext, make_point, slug
from .sources import DeviceEntity, Source
from .texts import LONGEST_STATE, text_limits

_ENTITIES_AT_ONCE = 200
"""How many entities are processed before other tasks get the event loop."""

_KINDS: Mapping[Kind, Kind] = {Kind.FLAG: Kind.FLAG, Kind.STATE: Kind.STATE}
"""The kinds of fields by those of points; all other fields are numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteGroup:
    """A group of settings, and the entities of its fields by field key.

    The sources of parameters of a service have points of their own, which are shown
    only in the group.
    """

    group: SettingGroup
    sources: Mapping[str, Source]
    is_service: bool

    def required(self) -> Iterable[Source]:
        """Yield the sources of the fields without which the server refuses all."""
        return (
            self.sources[field.key] for field in self.group.fields if field.is_required
        )


async def make_groups(
    entities: Sequence[DeviceEntity], sources: Mapping[str, Source]
) -> dict[str, WriteGroup]:
    """Return the groups of settings, and of the parameters of services, by key.

    An entity whose value no entity of Home Assistant can set is a group of its own.
    """
    shown = {
        source.entity.id: source
        for source in sorted(sources.values(), key=lambda each: each.point.writable)
    }
    children: defaultdict[str, list[DeviceEntity]] = defaultdict(list)
    tops: list[DeviceEntity] = []
    yielder = LoopYielder(_ENTITIES_AT_ONCE)
    for each in entities:
        await yielder.spend(1)
        if "." in each.identifier:
            children[each.entity.key.rpartition(".")[0]].append(each)
        else:
            tops.append(each)
    groups: dict[str, WriteGroup] = {}
    names: defaultdict[str, set[str]] = defaultdict(set)
    for top in tops:
        await yielder.spend(1)
        members = _members(top, children.get(top.entity.key, ()))
        if members:
            key = slug(top.entity.key, groups)
            group = _make_group(key, top, members, shown)
            groups[key] = _with_own_name(group, top, names[top.device.key])
    return groups


def with_groups(
    sources: Mapping[str, Source], groups: Mapping[str, WriteGroup]
) -> dict[str, Source]:
    """Return the sources, with the groups of their points."""
    group_keys = {
        source.point.key: key
        for key, group in groups.items()
        for source in group.sources.values()
    }
    return {
        key: source
        if (group := group_keys.get(key)) is None or not source.point.writable
        else replace(source, point=replace(source.point, group=group))
        for key, source in sources.items()
    }


def _members(
    top: DeviceEntity, children: Sequence[DeviceEntity]
) -> Sequence[DeviceEntity]:
    """Return the entities that are written together with a top-level one."""
    entity = top.entity
    is_service = entity.type is EntityType.SERVICE
    if entity.value_type is ValueType.OBJECT:
        return [
            child
            for child in children
            if child.entity.type is entity.type
            and (is_service or child.entity.is_writable)
            and child.entity.value_type is not ValueType.OBJECT
        ]
    if is_service:
        is_button = is_command(entity, top.identifier)
        return () if is_button and not has_choice(entity) else (top,)
    is_text = entity.value_type is ValueType.STRING and not entity.labels
    is_long = is_text and text_limits(entity).longest > LONGEST_STATE
    return (top,) if is_long and entity.is_writable else ()


def _make_group(
    key: str,
    top: DeviceEntity,
    members: Sequence[DeviceEntity],
    shown: Mapping[str, Source],
) -> WriteGroup:
    """Return the group of a top-level entity; its members are in the server's order."""
    sources: dict[str, Source] = {}
    fields: list[SettingField] = []
    names = _field_names([member.entity for member in members])
    for member in sorted(members, key=lambda each: int(each.entity.id)):
        source = shown.get(member.entity.id)
        if source is None or not source.point.writable:
            source = _hidden_source(member, sources)
        if source is not None:
            field = _make_field(source, names[member.entity.id])
            sources[field.key] = source
            fields.append(field)
    group = SettingGroup(
        key=key, device_key=top.device.key, name="", fields=tuple(fields)
    )
    is_service = top.entity.type is EntityType.SERVICE
    return WriteGroup(group=group, sources=sources, is_service=is_service)


def _hidden_source(member: DeviceEntity, taken: Mapping[str, Source]) -> Source | None:
    """Return the source of an entity that only its group can set."""
    last_part = member.identifier.rpartition(".")[2]
    context = EntityContext(
        key=slug(last_part, taken),
        device_key=member.device.key,
        identifier=member.identifier,
        latest_endpoint=LatestEndpoint.BATCH,
    )
    setting = replace(member.entity, type=EntityType.PROPERTY, is_writable=True)
    point = make_point(setting, context, is_parent=False)
    if point is None or point.kind is Kind.ACTION:
        return None
    return Source(
        point=point,
        entity=member.entity,
        identifier=member.identifier,
        status_id=None,
    )


def _make_field(source: Source, name: str) -> SettingField:
    """Return the field of a source."""
    point, entity = source.point, source.entity
    has_limits = entity.lowest is not None and entity.highest is not None
    return SettingField(
        key=point.key,
        name=name,
        kind=_KINDS.get(point.kind, Kind.INSTANT),
        unit=point.unit,
        limits=point.limits if has_limits else None,
        options=point.options,
        text=point.text,
        is_required=not entity.is_optional,
    )


def _field_names(entities: Sequence[EntityRow]) -> dict[str, str]:
    """Return the names of fields by entity id, unique and without their group's.

    The library names the children of an object "Sensor Enable (Temperature)".
    """
    named = {each.id: _in_brackets(each.name or "") for each in entities}
    if len(entities) == 1 or not all(named.values()):
        named = {each.id: each.name for each in entities}
    names: dict[str, str] = {}
    for each in entities:
        last_part = each.key.rpartition(".")[2]
        name = named[each.id] or _in_words(last_part)
        if name in names.values():
            name = f"{name} ({last_part})"
        names[each.id] = name
    return names


def _in_brackets(name: str) -> str | None:
    """Return what is in the brackets at the end of a name."""
    _, bracket, rest = name.partition("(")
    return rest[:-1].strip() or None if bracket and rest.endswith(")") else None


def _in_words(identifier: str) -> str:
    """Return an identifier as words: "report_interval" is "Report interval"."""
    return identifier.replace("_", " ").replace("-", " ").strip().capitalize()


def _with_own_name(
    write_group: WriteGroup, top: DeviceEntity, taken: set[str]
) -> WriteGroup:
    """Return a group with a name that no other group of its device has.

    The library often gives an object the name of one of its children.
    """
    group, name = write_group.group, top.entity.name
    children = {source.entity.name for source in write_group.sources.values()}
    is_childs = len(group.fields) > 1 and (name in children or "(" in (name or ""))
    if not name or is_childs or name in taken:
        name = _in_words(top.identifier)
    if name in taken:
        name = f"{name} ({top.identifier})"
    taken.add(name)
    return replace(write_group, group=replace(group, name=name))
