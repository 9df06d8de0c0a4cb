"""What is pushed, and to whom: ../shared/wire/milesight.md §8."""

from collections.abc import Iterable
from itertools import count

from .knobs import Knobs
from .things import Entity

_MQTT_PORT = 1883


class Hub:
    """Announces changed entities to whoever listens."""

    def __init__(self, knobs: Knobs) -> None:
        """Start without listeners."""
        self._knobs = knobs
        self._clients = count(1)
        self.mqtt_port = _MQTT_PORT

    def next_client(self) -> int:
        """Return the number of the next web client."""
        return next(self._clients)

    async def changed(self, entities: Iterable[Entity]) -> None:
        """Tell the listeners that entities have new values."""
