"""Reading the rows of a list."""

from datetime import datetime
from decimal import Decimal

from simulators.faults import Json

from .conftest import Api

type Row = dict[str, Json]


def at(row: Row, field: str) -> datetime:
    return datetime.fromisoformat(str(row[field]))


def units(row: Row, field: str) -> int:
    """Return a decimal string as thousandths."""
    return int(Decimal(str(row[field])) * 1000)


def query(**parameters: datetime | int | str) -> str:
    parts = [
        f"{name}={value:%Y-%m-%dT%H:%M:%SZ}"
        if isinstance(value, datetime)
        else f"{name}={value}"
        for name, value in parameters.items()
    ]
    return "&".join(parts)


async def rows(api: Api, path: str, **parameters: datetime | int | str) -> list[Row]:
    return (await api.get(f"{path}?limit=10000&{query(**parameters)}")).rows
