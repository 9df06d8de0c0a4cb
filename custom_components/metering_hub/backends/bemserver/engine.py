"""All that works on one BEMServer, put together."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import ClientSession

from ..base import Memory
from ..common.auth import TokenAuth
from ..common.http import HttpClient, Json
from .auth import Login
from .batching import SeriesAsker
from .catalogue import CatalogueReader
from .client import BemserverClient, classify
from .data_states import States
from .history import Beginnings, HistoryReader
from .kinds import Kinds
from .latest import LatestValues
from .site_points import Extras
from .timeseries_client import PointsClient
from .todays_amounts import TodaysAmounts
from .value_cache import HeardValues


class Engine:
    """The clients of a server, and what was learned of its series."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        credentials: tuple[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare; `url` is that of the API. Nothing is asked yet."""
        login = Login(session, url, *credentials, clock)
        auth = TokenAuth(login.log_in, login.refresh, clock=clock)
        http = HttpClient(session, url, auth=auth, classify=classify)
        self.url = url
        self.client = BemserverClient(http, HttpClient(session, url))
        self.points = PointsClient(http, url)
        self.reader = CatalogueReader(self.client)
        self.asker = SeriesAsker(self.reader.visible_series, clock)
        self.states = States()
        self.kinds = Kinds(self.asker, self.points, self.states)
        self.heard = HeardValues()
        self.latest = LatestValues(self.asker, self.points, self.states, self.heard)
        self.today = TodaysAmounts(self.asker, self.points, self.states, self.heard)
        self.beginnings = Beginnings(self.asker, self.points, self.states)
        self.history = HistoryReader(self.asker, self.points)
        self.extras = Extras(
            self.client, self.points, self.asker, self.states, self.heard
        )

    def keep(self, series_ids: frozenset[int]) -> None:
        """Forget all that was learned of series that no longer exist."""
        for part in (
            self.states,
            self.kinds,
            self.heard,
            self.latest,
            self.today,
            self.beginnings,
        ):
            part.keep(series_ids)

    def restore(self, memory: Memory) -> None:
        """Take over what was learned before a restart."""
        for part in (self.states, self.kinds, self.beginnings):
            part.restore(memory)

    def remember(self) -> dict[str, Json]:
        """Return what was learned: numbers of series and times, nothing personal."""
        return {
            **self.states.remember(),
            **self.kinds.remember(),
            **self.beginnings.remember(),
        }
