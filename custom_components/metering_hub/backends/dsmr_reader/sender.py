"""Hand the readings of another P1 reader to DSMR-reader, each of them once.

The server stores every row that it gets, also a second one of the same moment, and it
books the energy of rows in the order of time. So a request is never repeated, and what
may have arrived already is looked for on the server before it is sent again.
Source: docs/wire/dsmr_reader.md, Sending readings.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from aiohttp import ClientSession

from ...metering.p1_readings import P1Readings
from ..common.http import HttpClient, Json
from ..common.json_text import clean_text
from ..common.messages import Answer, Request
from ..common.parse import as_object
from ..common.times import utc_text
from ..errors import (
    AuthenticationError,
    BackendError,
    HttpsRequiredError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitedError,
    Reason,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from .auth import API_IS_OFF, WRONG_KEY, classify_login, make_auth
from .client import TELEGRAMS, DsmrReaderClient
from .telegram import telegram_time

FIELDS: Mapping[str, str] = {
    "delivered_1": "electricity_delivered_1",
    "delivered_2": "electricity_delivered_2",
    "returned_1": "electricity_returned_1",
    "returned_2": "electricity_returned_2",
    "power_delivered": "electricity_currently_delivered",
    "power_returned": "electricity_currently_returned",
    "power_delivered_l1": "phase_currently_delivered_l1",
    "power_delivered_l2": "phase_currently_delivered_l2",
    "power_delivered_l3": "phase_currently_delivered_l3",
}
"""The server's names of the numbers in `P1_FIELDS`."""

REMEMBERED = 1000
MOST_PENDING = 5
"""More requests without an answer mean that the server cannot keep up."""

CLOCK_MARGIN = timedelta(minutes=1)
"""A meter's clock may be ahead of Home Assistant's by as much."""

TELEGRAM_GAP = timedelta(seconds=5)
"""DSMR 2 and 3 have a telegram every ten seconds, without a time in it."""

_REFUSALS = (
    AuthenticationError,
    HttpsRequiredError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RejectedError,
    UnsupportedError,
)
"""After any other error, the server may have stored the readings."""

_LONGEST_REASON = 300
_HTML = "text/html"


class Sender:
    """Sends telegrams and readings, and knows the moments of those it has sent."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        api_key: str,
        client: DsmrReaderClient,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the sender; `client` looks for what may be stored already."""
        auth = make_auth(api_key)
        self._telegrams = HttpClient(
            session, f"{url}/api/v1", auth=auth, classify=_classify_telegram
        )
        self._readings = HttpClient(
            session,
            f"{url}/api/v2",
            auth=auth,
            headers={"Accept-Language": "en"},
            classify=_classify_readings,
        )
        self._client, self._clock = client, clock
        # Earlier moments may have been sent before a restart.
        self._known_after = clock() + CLOCK_MARGIN
        # The last moments; False if it is unknown whether the request arrived.
        self._stored: dict[datetime, bool] = {}
        self._pending: set[datetime | bytes] = set()
        self._last_untimed: tuple[bytes, datetime] | None = None

    async def send_telegram(self, telegram: str) -> bool:
        """Send a raw telegram; return False if the server has it already.

        Raises RejectedError with the server's text if it cannot read the telegram.
        """
        # Readers and forms turn the line ends around, which the checksum includes.
        text = "\r\n".join(telegram.strip().splitlines()) + "\r\n"
        request = Request(
            method="POST", path=TELEGRAMS, form={"telegram": text}, accept=_HTML
        )
        if (time := telegram_time(text)) is None:
            return await self._send_untimed(sha256(text.encode()).digest(), request)
        return await self._send_once(time, self._telegrams, request)

    async def send_readings(self, readings: P1Readings) -> bool:
        """Send readings; return False if the server has some of the same second.

        Raises RejectedError with the server's text if it refuses a number.
        """
        time = readings.time.replace(microsecond=0)
        row: dict[str, Json] = {"timestamp": utc_text(time)}
        for name, value in readings.values.items():
            row[FIELDS[name]] = _decimal(value)
        if readings.extra is not None:
            measured, position = readings.extra
            row["extra_device_timestamp"] = utc_text(measured.replace(microsecond=0))
            row["extra_device_delivered"] = _decimal(position)
        request = Request(method="POST", path=TELEGRAMS, json=row)
        return await self._send_once(time, self._readings, request)

    async def _send_untimed(self, digest: bytes, request: Request) -> bool:
        """Send a telegram to which the server gives the time of its arrival."""
        now = self._clock()
        if self._last_untimed is not None:
            last, sent = self._last_untimed
            if digest == last and now - sent < TELEGRAM_GAP:
                return False
        self._last_untimed = digest, now
        await self._post(digest, self._telegrams, request)
        return True

    async def _send_once(
        self, time: datetime, http: HttpClient, request: Request
    ) -> bool:
        """Send readings of a moment, unless they are stored or on their way."""
        if time in self._pending or self._stored.get(time):
            return False
        is_uncertain = time in self._stored or time <= self._known_after
        self._note(time, is_stored=False)
        is_new = not (is_uncertain and await self._is_stored(time))
        if is_new:
            try:
                await self._post(time, http, request)
            except _REFUSALS:
                self._stored.pop(time, None)
                raise
        self._note(time, is_stored=True)
        return is_new

    async def _is_stored(self, time: datetime) -> bool:
        """Return True if the server has a row of this moment."""
        self._pending.add(time)
        try:
            return await self._client.latest_telegram(time, time) is not None
        finally:
            self._pending.discard(time)

    async def _post(
        self, key: datetime | bytes, http: HttpClient, request: Request
    ) -> None:
        """Send a request; raises UnreachableError if too many are on their way."""
        if len(self._pending) >= MOST_PENDING:
            raise UnreachableError(
                "earlier readings are still on their way", reason=Reason.STILL_BUSY
            )
        self._pending.add(key)
        try:
            answer = await http.request(request)
        finally:
            self._pending.discard(key)
        # API v1 answers without a body: a page is that of another server.
        if answer.text:
            raise ProtocolError(f"{request}: an unexpected page")

    def _note(self, time: datetime, *, is_stored: bool) -> None:
        """Remember a moment, and forget the oldest one of too many."""
        self._stored[time] = is_stored
        if len(self._stored) > REMEMBERED:
            oldest = min(self._stored)
            del self._stored[oldest]
            self._known_after = max(self._known_after, oldest)


def _decimal(value: float) -> str:
    """Return a number with three decimals, as text that floats do not blur."""
    return f"{value:.3f}"


def _classify_telegram(answer: Answer) -> BackendError | None:
    """Return the error of API v1, which answers in plain text."""
    text = clean_text(answer.text or "").strip()
    if text == WRONG_KEY:
        return AuthenticationError("the API key is not accepted")
    if text == API_IS_OFF:
        return UnsupportedError("the API is switched off", reason=Reason.API_DISABLED)
    # A proxy answers with a page.
    if answer.status in (400, 500) and text and not text.startswith("<"):
        return RejectedError(text[:_LONGEST_REASON])
    return None


def _classify_readings(answer: Answer) -> BackendError | None:
    """Return the error of API v2, which names the refused fields."""
    if answer.status != 400 or not answer.is_json:
        return classify_login(answer)
    texts = [
        f"{name}: {' '.join(map(str, found)) if isinstance(found, list) else found}"
        for name, found in as_object(answer.body).items()
    ]
    return RejectedError("; ".join(texts)[:_LONGEST_REASON])
