"""The databases that Home Assistant records into, beside Home Assistant itself."""

from collections.abc import Iterator, Sequence
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

    Something is counted in them: hours of an interval meter that count nothing may
    rightly have no rows, and no look at the others can find that they are gone. Return
    what was deleted, or None if there are no such hours. Nobody else may use the
    database at that time.
    """
    hours = random.randint(1, _LARGEST_HOLE)
    with _connected(address) as connection:
        known = connection.execute(
            text(
                "SELECT id, statistic_id FROM statistics_meta"
                " WHERE statistic_id LIKE :prefix AND statistic_id NOT LIKE :cost"
                " AND has_sum ORDER BY statistic_id"
            ),
            {"prefix": PREFIX, "cost": "%cost"},
        )
        numbers = [tuple(row) for row in known]
        for number, statistic_id in random.sample(numbers, len(numbers)):
            if starts := _starts_of_holes(connection, number, hours):
                start = random.choice(starts)
                gone = connection.execute(
                    text(
                        "DELETE FROM statistics WHERE metadata_id = :number"
                        " AND start_ts >= :start AND start_ts < :end"
                    ),
                    {"number": number, "start": start, "end": start + 3600 * hours},
                )
                return f"{gone.rowcount} rows of {statistic_id}"
    return None


def _starts_of_holes(
    connection: Connection, number: int, hours: int
) -> Sequence[float]:
    """Return where a hole of some hours takes away something that was counted.

    It takes neither the first nor the last rows, so that both of its ends are recorded.
    """
    found = connection.execute(
        text(
            "SELECT start_ts, sum FROM statistics"
            " WHERE metadata_id = :number ORDER BY start_ts"
        ),
        {"number": number},
    )
    rows = [(float(start), total) for start, total in found]
    if len(rows) < 4 * _LARGEST_HOLE:
        return []
    return [
        rows[first][0]
        for first in range(2, len(rows) - hours - 1)
        if rows[first + hours][0] - rows[first][0] == 3600 * hours
        and rows[first - 1][1] != rows[first + hours - 1][1]
    ]
