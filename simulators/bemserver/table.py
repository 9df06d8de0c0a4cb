"""A table of points as text: JSON by series, or CSV with a column per series."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from zoneinfo import ZoneInfo

type Cell = float | int | None
type Column = tuple[str, dict[int, Cell]]
"""A label (id or name) and the values by time stamp (seconds since 1970)."""

CSV = "text/csv"
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Table:
    """Columns over common time stamps; with `nulls`, missing values are shown.

    Without it, series without points are absent from the JSON.

    Source: docs/wire/bemserver.md, Time series data.
    """

    columns: Sequence[Column]
    stamps: Sequence[int]
    zone: ZoneInfo
    nulls: bool

    async def json(self) -> bytes:
        """Return {label: {time: value}} with the server's spaces, no newline."""
        keys = await self._keys("{:%Y-%m-%dT%H:%M:%S%:z}")
        parts = []
        for label, values in self.columns:
            texts = [text async for text in self._members(keys, values)]
            if texts:
                parts.append(f"{json.dumps(label)}: {{{', '.join(texts)}}}")
        return f"{{{', '.join(parts)}}}".encode()

    async def _members(
        self, keys: Sequence[str], values: dict[int, Cell]
    ) -> AsyncIterator[str]:
        """Yield the members of a column's object in batches, without braces."""
        for start in range(0, len(keys), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            shown = {
                key: values.get(when)
                for when, key in zip(self.stamps[part], keys[part], strict=True)
                if self.nulls or when in values
            }
            if shown:
                yield json.dumps(shown)[1:-1]
            await asyncio.sleep(0)

    async def csv(self) -> bytes:
        """Return a line per time stamp; a missing value is an empty cell.

        The offset has no colon here, and every requested series has its column.
        """
        keys = await self._keys("{:%Y-%m-%dT%H:%M:%S%z}")
        labels = [_quoted(label) for label, _ in self.columns]
        lines = [",".join(["Datetime", *labels])]
        for index, (when, key) in enumerate(zip(self.stamps, keys, strict=True), 1):
            cells = [values.get(when) for _, values in self.columns]
            texts = ["" if cell is None else repr(cell) for cell in cells]
            lines.append(",".join([key, *texts]))
            if index % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return "\n".join([*lines, ""]).encode()

    async def _keys(self, form: str) -> list[str]:
        """Return the formatted time stamps, yielding to the event loop now and then."""
        keys: list[str] = []
        for start in range(0, len(self.stamps), _AT_ONCE):
            part = self.stamps[start : start + _AT_ONCE]
            keys += [form.format(_local(when, self.zone)) for when in part]
            await asyncio.sleep(0)
        return keys


def iso_in(when: int, zone: ZoneInfo) -> str:
    """Return seconds since 1970 as a time in a zone."""
    return _local(when, zone).isoformat()


def _local(when: int, zone: ZoneInfo) -> datetime:
    """Return seconds since 1970 as a datetime in a zone."""
    return datetime.fromtimestamp(when, UTC).astimezone(zone)


def _quoted(label: str) -> str:
    """Return a CSV cell, quoted if necessary."""
    if not set(label) & set(',"\r\n'):
        return label
    doubled = label.replace('"', '""')
    return f'"{doubled}"'
