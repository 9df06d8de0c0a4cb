"""A server of given telegrams, such as ties, that no simulated house sends."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)

type Row = dict[str, str | int | None]


def telegram(time: datetime, value: float, **more: str | None) -> Row:
    """Return a row of datalogger/dsmrreading."""
    return {
        "timestamp": time.isoformat(),
        "electricity_delivered_1": f"{value:.3f}",
        "electricity_currently_delivered": f"{value / 1000:.3f}",
        "electricity_currently_returned": "0.000",
        "extra_device_timestamp": None,
        "extra_device_delivered": None,
        **more,
    }


@dataclass
class RowServer:
    """Serves a list of rows as datalogger/dsmrreading; other lists are empty."""

    rows: list[Row]
    queries: list[dict[str, str]] = field(default_factory=list)

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.queries.append(query)
        found = self.rows if request.path.endswith("dsmrreading") else []
        low = datetime.fromisoformat(query.get("timestamp__gte", "1970-01-01T00Z"))
        high = datetime.fromisoformat(query.get("timestamp__lte", "2970-01-01T00Z"))
        found = [row for row in found if low <= _time(row) <= high]
        found.sort(key=_time, reverse=query.get("ordering") == "-timestamp")
        offset = int(query.get("offset", 0))
        page = found[offset : offset + int(query.get("limit", 25))]
        return web.json_response({"count": len(found), "results": page})


def _time(row: Row) -> datetime:
    return datetime.fromisoformat(str(row["timestamp"])).astimezone(UTC)
