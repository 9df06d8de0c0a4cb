"""Values that were sent to devices, and whether these have confirmed them.

Independent of Home Assistant. Some servers report a written value as the latest one
before the device has it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..metering.model import Reading, Value


class Delivery(StrEnum):
    """Whether a device has the value that was sent to it."""

    SENT = "sent"
    CONFIRMED = "confirmed"


@dataclass(slots=True)
class _Sent:
    """A value that was sent, `None` for a secret.

    `read_count` is the number of reads before that, `echo` the time at which the server
    says that it got the value.
    """

    value: Value | None
    read_count: int
    echo: datetime | None = None
    is_confirmed: bool = False


class SentValues:
    """The last value that was sent to each point, until a reading replaces it."""

    def __init__(self, *, is_needed: bool) -> None:
        """Initialize without values; none are needed if the server knows itself."""
        self.is_needed = is_needed
        self._sent: dict[str, _Sent] = {}
        self._listeners: dict[str, Callable[[], None]] = {}

    def listen(self, key: str, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener when a value is sent to a point, until the result is called.

        Only the last listener of a point is called.
        """
        self._listeners[key] = listener

        def stop() -> None:
            """Call the listener no more, and forget what was sent."""
            self._sent.pop(key, None)
            if self._listeners.get(key) is listener:
                del self._listeners[key]

        return stop

    def note(self, key: str, value: Value | None, read_count: int) -> None:
        """Note that a value was sent to a point, if it has a listener."""
        if (listener := self._listeners.get(key)) is not None:
            self._sent[key] = _Sent(value, read_count)
            listener()

    def delivery(
        self,
        key: str,
        reading: Reading | None,
        was_read_after: Callable[[str, int], bool],
    ) -> Delivery | None:
        """Return whether a point has confirmed the value that was sent to it.

        The first reading with the value is the server's own echo. A later one comes
        from the device: it confirms the value, or replaces it. A server that reports no
        times repeats the time of the echo.
        """
        if (sent := self._sent.get(key)) is None:
            return None
        if reading is None or not was_read_after(key, sent.read_count):
            return Delivery.CONFIRMED if sent.is_confirmed else Delivery.SENT
        is_echo = sent.echo is None or reading.time <= sent.echo
        if reading.value == sent.value:
            if sent.echo is None:
                sent.echo = reading.time
            sent.is_confirmed = sent.is_confirmed or not is_echo
        elif sent.echo is not None:
            del self._sent[key]
            return None
        return Delivery.CONFIRMED if sent.is_confirmed else Delivery.SENT
