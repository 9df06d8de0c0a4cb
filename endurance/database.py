"""The databases that Home Assistant records into, beside Home Assistant itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

PREFIX = "metering_hub:%"
_MAINTENANCE = {"postgresql": "postgres", "mysql": "mysql"}
"""The database that exists on each kind of server."""

_LARGEST_HOLE = 5


def fresh_database(server: str, name: str) -> str:
    """Make an empty database on a server, and return its address.

    `server` is the address of any database there. One of that name is deleted first.
    """
    url = make_url(server)
    place = url.set(database=_MAINTENANCE[url.get_backend_name()])
    engine = create_engine(place, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    return url.set(database=name).render_as_string(hide_password=False)


def sqlite_address(config: Path) -> str:
    """Return the address of the database in a configuration folder."""
    return f"sqlite:///{config / 'home-assistant_v2.db'}"


@contextmanager
def _connected(address: str) -> Iterator[Connection]:
    """Connect to a database and commit at the end."""
    engine = create_engine(address, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def tear_hole(address: str, random: Random) -> str | None:
    """Delete a few hours in the middle of one imported statistic with a sum.

    Return what was deleted, or None if no statistic is long enough. Nobody else may
    use the database at that time.
    """
    with _connected(address) as connection:
        found = connection.execute(
            text(
                "SELECT m.id, m.statistic_id, MIN(s.start_ts), MAX(s.start_ts)"
                " FROM statistics_meta m JOIN statistics s ON s.metadata_id = m.id"
                " WHERE m.statistic_id LIKE :prefix AND m.has_sum"
                " AND m.statistic_id NOT LIKE :cost"
                " GROUP BY m.id, m.statistic_id ORDER BY m.statistic_id"
            ),
            {"prefix": PREFIX, "cost": "%cost"},
        )
        long = [row for row in found if row[3] - row[2] > 3600 * 4 * _LARGEST_HOLE]
        if not long:
            return None
        number, statistic_id, first, last = random.choice(long)
        hours = random.randint(1, _LARGEST_HOLE)
        latest = int(last - first) // 3600 - _LARGEST_HOLE - 1
        start = first + 3600 * random.randint(2, latest)
        gone = connection.execute(
            text(
                "DELETE FROM statistics WHERE metadata_id = :number"
                " AND start_ts >= :start AND start_ts < :end"
            ),
            {"number": number, "start": start, "end": start + 3600 * hours},
        )
        return f"{gone.rowcount} rows of {statistic_id}"
