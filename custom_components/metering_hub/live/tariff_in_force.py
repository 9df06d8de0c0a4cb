"""Know during which tariff the registers of an entry count at present."""

from collections.abc import Callable, Iterable

from homeassistant.core import callback

from ..metering.model import Point
from .coordinator import ReadingsCoordinator


class TariffInForce:
    """The number of the tariff in force, as the latest reading of a point says it.

    It is `None` if no point says it, or if the point is unavailable.
    """

    def __init__(self, readings: ReadingsCoordinator, points: Iterable[Point]) -> None:
        """Initialize with the first of the points that says it."""
        self._readings = readings
        self._point = next((point for point in points if point.tariff_numbers), None)

    @property
    def number(self) -> int | None:
        """Return the number of the tariff in force, if it is known."""
        point, snapshot = self._point, self._readings.data
        if point is None or point.key in snapshot.unavailable:
            return None
        reading = snapshot.readings.get(point.key)
        return None if reading is None else point.tariff_numbers.get(str(reading.value))

    @callback
    def async_follow(self, show: Callable[[], None]) -> None:
        """Call `show` whenever it is another one, until the entry is unloaded.

        The point is polled for that, also while its own entity is disabled.
        """
        if self._point is None:
            return
        known = self.number

        @callback
        def follow() -> None:
            """Notice another tariff."""
            nonlocal known
            if (number := self.number) != known:
                known = number
                show()

        self._readings.config_entry.async_on_unload(
            self._readings.async_add_listener(follow, self._point.key)
        )
