"""Keep false meter positions away from Home Assistant.

Home Assistant takes a fall of a growing sensor for a new meter, and counts whatever
follows as consumption: a false 0 for three seconds books the meter's whole position a
second time.
"""

from datetime import datetime

from .model import Reading

NOISE = 0.1
"""How far, as a share of the published position, two readings of a fallen register may
differ and still be the same fall."""

UNRELATED_READINGS = 3
"""How many growing readings make a fall believable where they are further apart: a
small meter that is read rarely has grown a lot by its second reading."""


class RegisterGuard:
    """Publishes the readings of one register, but a fall only once it is confirmed."""

    def __init__(self) -> None:
        """Start without knowing any position."""
        self._published: float | None = None
        self._published_at: datetime | None = None
        self._suspect: Reading | None = None
        self._growing = 0

    def restore(self, position: float) -> None:
        """Take over the position that was published before a restart."""
        self._published = position

    def filter(self, reading: Reading) -> float | None:
        """Return the position to publish after this reading.

        A position below the published one is held back until a second, newer reading
        says about the same, or a third one goes on growing. Until then the published
        one stands; a register that comes back was noise and left no trace.
        """
        if not isinstance(reading.value, int | float):
            return self._published
        position = float(reading.value)
        fell = self._published is not None and position < self._published
        if not fell or self._confirms(reading, position):
            self._suspect, self._growing = None, 0
            self._published, self._published_at = position, reading.time
        elif self._is_news(reading):
            self._growing = self._growing + 1 if self._growth(position) >= 0 else 1
            self._suspect = reading
        return self._published

    def _confirms(self, reading: Reading, position: float) -> bool:
        growth = self._growth(position)
        if self._published is None or growth < 0 or not self._is_news(reading):
            return False
        is_close = growth <= NOISE * self._published
        return is_close or self._growing + 1 >= UNRELATED_READINGS

    def _growth(self, position: float) -> float:
        """Return how far a position is above the suspect; negative without one."""
        return position - float(self._suspect.value) if self._suspect else -1.0

    def _is_news(self, reading: Reading) -> bool:
        """Tell whether a reading is newer than what is known; a late one is not."""
        known = self._suspect.time if self._suspect else self._published_at
        return known is None or reading.time > known
