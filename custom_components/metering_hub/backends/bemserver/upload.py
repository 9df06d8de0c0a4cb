"""Storing values of Home Assistant in a series of the server.

Source: docs/wire/bemserver.md, Storing values.
"""

from collections.abc import Mapping
from datetime import datetime

from ..base import DataState, UploadTarget
from ..common.http import HttpClient, Json
from ..common.messages import Request
from ..common.shapes import require_object, require_objects
from ..common.units import canonical_unit
from ..errors import (
    ManyTargetsError,
    NoTargetError,
    NotFoundError,
    Reason,
    RejectedError,
)
from .api_address import ApiAddress
from .catalogue import Catalogue
from .client import UnknownSeriesError
from .models import Series, parse_series
from .paging import PAGE_SIZE, Params
from .timeseries_client import DATA_TIMEOUT

_SERIES = "/timeseries/"
_VALUES = "/timeseries_data/"


class SeriesUploader:
    """Finds series by id or name, and stores values in them."""

    def __init__(self, http: HttpClient, api: ApiAddress) -> None:
        """Initialize with a client that logs in."""
        self._http = http
        self._api = api

    async def target(
        self, series: str, campaign: str | None, catalogue: Catalogue
    ) -> UploadTarget:
        """Return a series as the server has it now, because values are kept for good.

        Raises NoTargetError and ManyTargetsError.
        """
        campaign_id = _campaign_id(campaign, catalogue)
        if series.isdecimal():
            found = await self._by_id(int(series))
        else:
            found = await self._by_name(series, campaign_id)
        found = [each for each in found if campaign_id in (None, each.campaign_id)]
        if not found:
            raise NoTargetError("no such series")
        if len(found) > 1:
            raise ManyTargetsError("several series of this name")
        (only,) = found
        return UploadTarget(
            key=str(only.id), name=only.name, unit=canonical_unit(only.unit)
        )

    async def upload(
        self, target: UploadTarget, values: Mapping[datetime, float], state: int
    ) -> None:
        """POST /timeseries_data/ with {"13": {"2026-11-21T10:00:00+00:00": 4.1}}.

        The server ignores values whose moment it has already.
        """
        points: dict[str, Json] = {
            time.isoformat(): value for time, value in values.items()
        }
        request = Request(
            method="POST",
            path=self._api.path(_VALUES),
            params={"data_state": state},
            json={target.key: points},
            timeout=DATA_TIMEOUT,
            idempotent=True,
        )
        try:
            await self._http.request(request)
        except UnknownSeriesError as err:
            raise NoTargetError("the series is gone") from err

    async def _by_id(self, number: int) -> list[Series]:
        """GET /timeseries/{id}."""
        request = Request(path=self._api.path(f"{_SERIES}{number}"))
        try:
            answer = await self._http.request(request)
        except NotFoundError:
            return []
        found = parse_series(require_object(answer.body, request))
        return [found] if found else []

    async def _by_name(self, name: str, campaign_id: int | None) -> list[Series]:
        """GET /timeseries/ with this name, of one campaign or of all."""
        params: Params = {"name": name, "page_size": PAGE_SIZE, "sort": "name"}
        if campaign_id is not None:
            params = {**params, "campaign_id": campaign_id}
        request = Request(path=self._api.path(_SERIES), params=params)
        answer = await self._http.request(request)
        found = [parse_series(row) for row in require_objects(answer.body, request)]
        # The server may repeat rows.
        return [*dict.fromkeys(each for each in found if each and each.name == name)]


def state_id(state: DataState, names: Mapping[int, str]) -> int:
    """Return the id of a data state; raises RejectedError if the server has none."""
    for number, name in names.items():
        if name == state.value:
            return number
    raise RejectedError(
        f"the server has no data state {state.value}", reason=Reason.NO_SUCH_DATA
    )


def _campaign_id(campaign: str | None, catalogue: Catalogue) -> int | None:
    """Return the id of a campaign that is given by its id or name."""
    if campaign is None:
        return None
    for known in catalogue.campaigns.values():
        if campaign in (str(known.id), known.name):
            return known.id
    raise NoTargetError("no such campaign")
