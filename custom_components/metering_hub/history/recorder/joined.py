"""Keep the joined rows of statistics apart from their own rows.

Joined rows are copies of an older sensor's, before the first hour of ours. They are
shown, but nothing may be concluded from them: an import goes on from our own rows, an
audit checks these, and prices are theirs. All functions that read a statistic therefore
begin at its seam, which is the start of its first own hour.

The file belongs to the statistics, which outlive their entry: an entry that is added
again must not take the joined rows for its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Executable, bindparam, func, select

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ...backends.common.http import Json
from ...backends.common.parse import as_object
from ...backends.common.times import as_utc_moment
from ...errors import RecorderError
from ...memory import CheckedStore
from ..maths.rows import Row
from .access import run_query, running_recorder, wait_until_stored
from .seams import CutTask, JoinTask
from .writes import tell_written

_VERSION = 1

ANCHOR = datetime(1970, 1, 2, tzinfo=UTC)
"""The hour of a row before all others, whose sum is that before the first joined row.

Home Assistant takes the sum before the first row of a statistic for 0, and would show
the first joined hour with all that was ever used, below zero."""

_END_OF_TIME = 1e11
"""A moment after all rows, in epoch seconds; no database has to know infinity."""

_COUNT = (
    select(func.count())
    .select_from(Statistics)
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .where(
        StatisticsMeta.statistic_id == bindparam("id"),
        Statistics.start_ts < bindparam("end"),
    )
)

_LAST_SUM = (
    select(Statistics.sum)
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .where(
        StatisticsMeta.statistic_id == bindparam("id"),
        Statistics.start_ts < bindparam("end"),
        Statistics.sum.is_not(None),
    )
    .order_by(Statistics.start_ts.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Seam:
    """Where the joined rows of a statistic end and its own rows begin.

    The rows from `first` to before `end` are those of the statistic `source_id`. While
    they are copied, they are not `is_whole`. Those of a sum of registers have `parts`
    instead, the ids of the registers whose joined rows they follow from.
    """

    source_id: str
    first: datetime
    end: datetime
    is_whole: bool = True
    parts: tuple[str, ...] = ()


class Seams:
    """The stored seams of the statistics whose ids have a prefix, by id."""

    def __init__(self, hass: HomeAssistant, prefix: str) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{prefix.replace(':', '.')}joined"
        )
        self.by_id: dict[str, Seam] = {}

    async def async_load(self) -> None:
        """Load what is stored; what is invalid is forgotten."""
        stored = await self._store.async_load() or {}
        self.by_id = {
            statistic_id: seam
            for statistic_id, value in stored.items()
            if (seam := _as_seam(value)) is not None
        }

    async def async_keep(self, statistic_id: str, seam: Seam) -> None:
        """Store a seam at once: rows are written or deleted by it."""
        self.by_id[statistic_id] = seam
        await self._async_save()

    async def async_forget(self, statistic_id: str) -> None:
        """Forget a seam, if there is one."""
        if self.by_id.pop(statistic_id, None) is not None:
            await self._async_save()

    async def _async_save(self) -> None:
        """Save everything, or delete the file if there is nothing."""
        if not self.by_id:
            await self._store.async_remove()
            return
        await self._store.async_save(
            {
                statistic_id: {
                    "source": seam.source_id,
                    "first": seam.first.isoformat(),
                    "end": seam.end.isoformat(),
                    "is_whole": seam.is_whole,
                    "parts": [*seam.parts],
                }
                for statistic_id, seam in self.by_id.items()
            }
        )


_SEAMS: HassKey[dict[str, Seams]] = HassKey("metering_hub_seams")
"""The seams by the prefix of the ids of their statistics."""


async def async_load_seams(hass: HomeAssistant, prefix: str) -> Seams:
    """Return the seams of statistics with a prefix, which are loaded once.

    They must be loaded before anything else is read of these statistics.
    """
    known = hass.data.setdefault(_SEAMS, {})
    if prefix not in known:
        seams = Seams(hass, prefix)
        await seams.async_load()
        known.setdefault(prefix, seams)
    return known[prefix]


def first_own_hour(hass: HomeAssistant, statistic_id: str) -> datetime | None:
    """Return the seam of a statistic, or `None` if all of its rows are its own."""
    seams = _store_of(hass, statistic_id)
    return None if seams is None else seams.by_id[statistic_id].end


def seam_seconds(hass: HomeAssistant, statistic_id: str) -> float | None:
    """Return the seam of a statistic in epoch seconds, if it has one."""
    begin = first_own_hour(hass, statistic_id)
    return begin.timestamp() if begin else None


async def make_room(hass: HomeAssistant, statistic_id: str, hour: datetime) -> None:
    """Move a seam to an earlier hour, from which on there will be own rows.

    Joined rows from there on are deleted, and those before end at the sum 0, from which
    own rows are counted. Raises RecorderError and StoppingError.
    """
    seams = _store_of(hass, statistic_id)
    if seams is None or (seam := seams.by_id[statistic_id]).end <= hour:
        return
    if hour <= seam.first:
        await delete_joined(hass, statistic_id)
        return
    await cut(hass, statistic_id, hour.timestamp(), seam.end.timestamp())
    await seams.async_keep(statistic_id, replace(seam, end=hour))


async def delete_joined(hass: HomeAssistant, statistic_id: str) -> None:
    """Delete the joined rows of a statistic, and forget its seam.

    Own rows stay as they are. Raises RecorderError and StoppingError.
    """
    seams = _store_of(hass, statistic_id)
    if seams is None:
        return
    await cut(hass, statistic_id, 0.0, seams.by_id[statistic_id].end.timestamp())
    await seams.async_forget(statistic_id)


async def delete_own(hass: HomeAssistant, statistic_id: str) -> bool:
    """Delete all but the joined rows of a statistic; return False if it has none.

    Raises RecorderError and StoppingError.
    """
    if (begin := first_own_hour(hass, statistic_id)) is None:
        return False
    await cut(hass, statistic_id, begin.timestamp(), _END_OF_TIME)
    return True


async def forget_seam(hass: HomeAssistant, statistic_id: str) -> None:
    """Forget the seam of a statistic that was deleted as a whole."""
    if (seams := _store_of(hass, statistic_id)) is not None:
        await seams.async_forget(statistic_id)


@asynccontextmanager
async def joining(
    hass: HomeAssistant, seams: Seams, statistic_id: str, seam: Seam
) -> AsyncIterator[None]:
    """Store a seam, before which rows are written in the body.

    If that fails, nothing is left of them. Raises RecorderError and StoppingError.
    """
    # Whatever ends this, the next start finds the seam, and the rows before it.
    await seams.async_keep(statistic_id, replace(seam, is_whole=False))
    try:
        yield
    except RecorderError:
        await delete_joined(hass, statistic_id)
        raise
    await seams.async_keep(statistic_id, seam)
    tell_written(hass, [statistic_id])


async def write_joined(
    hass: HomeAssistant, statistic_id: str, rows: Sequence[Row]
) -> None:
    """Write joined rows, and return once they are stored.

    Raises RecorderError and StoppingError.
    """
    if not await _is_carried_out(hass, JoinTask(statistic_id, rows)):
        raise RecorderError("older rows were not stored")


async def cut(hass: HomeAssistant, statistic_id: str, begin: float, end: float) -> None:
    """Delete the rows of a statistic in [begin, end), and let earlier ones end at 0.

    Both are epoch seconds. Raises RecorderError if that was not done, and
    StoppingError.
    """
    if not await _is_carried_out(hass, CutTask(statistic_id, begin, end)):
        raise RecorderError("the rows of a statistic could not be deleted")
    tell_written(hass, [statistic_id])


async def _is_carried_out(hass: HomeAssistant, task: JoinTask | CutTask) -> bool:
    """Pass a task to the recorder; return True once it is done.

    Raises RecorderError and StoppingError.
    """
    running_recorder(hass).queue_task(task)
    await wait_until_stored(hass)
    if not task.is_done:
        # A busy database gets the task again, behind the barrier.
        await wait_until_stored(hass)
    return task.is_done


async def count_before(hass: HomeAssistant, statistic_id: str, end: datetime) -> int:
    """Return how many rows a statistic has before a moment.

    Raises RecorderError and StoppingError.
    """
    return int(await run_query(hass, _figure_before, hass, _COUNT, statistic_id, end))


async def sum_before_joined(
    hass: HomeAssistant, statistic_id: str, moment: datetime
) -> float:
    """Return the sum before a moment, be it of a joined row; 0 if there is none.

    Raises RecorderError and StoppingError.
    """
    return await run_query(hass, _figure_before, hass, _LAST_SUM, statistic_id, moment)


def _figure_before(
    hass: HomeAssistant, query: Executable, statistic_id: str, end: datetime
) -> float:
    """Return what a query finds of a statistic before a moment, or 0."""
    values = {"id": statistic_id, "end": end.timestamp()}
    with session_scope(hass=hass, read_only=True) as session:
        return session.connection().execute(query, values).scalar() or 0.0


def _store_of(hass: HomeAssistant, statistic_id: str) -> Seams | None:
    """Return the seams among which that of a statistic is, if it has any."""
    return next(
        (
            seams
            for seams in hass.data.get(_SEAMS, {}).values()
            if statistic_id in seams.by_id
        ),
        None,
    )


def _as_seam(stored: Json) -> Seam | None:
    """Return a stored seam, or `None` if it is invalid."""
    values = as_object(stored)
    source, is_whole = values.get("source"), values.get("is_whole")
    first, end = as_utc_moment(values.get("first")), as_utc_moment(values.get("end"))
    if not isinstance(source, str) or first is None or end is None:
        return None
    stored_parts = values.get("parts")
    parts = stored_parts if isinstance(stored_parts, list) else []
    ids = tuple(each for each in parts if isinstance(each, str))
    return Seam(source, first, end, is_whole is True, ids)
