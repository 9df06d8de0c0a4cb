"""Keep false meter positions away from Home Assistant.

Home Assistant takes a fall of a growing sensor for a new meter, and counts whatever
follows as consumption: a false 0 for three seconds books the meter's whole position a
second time.
"""

from .model import Reading

NOISE = 0.1
"""How far, as a share of the position, two readings of a falling register may differ
and still be taken for the same new position."""


class RegisterGuard:
    """Publishes the readings of one register, but a fall only once it is confirmed."""

    def __init__(self) -> None:
        """Start without knowing any position."""
        self._published: float | None = None
        self._suspect: Reading | None = None

    def restore(self, position: float) -> None:
        """Take over the position that was published before a restart."""
        self._published = position

    def filter(self, reading: Reading) -> float | None:
        """Return the position to publish after this reading.

        A position below the published one is held back until a second, newer reading
        says about the same. Until then the published one stands; a register that
        comes back was noise and left no trace.
        """
        if not isinstance(reading.value, int | float):
            return self._published
        position = float(reading.value)
        fell = self._published is not None and position < self._published
        if not fell or self._confirms(reading, position):
            self._suspect = None
            self._published = position
        elif self._suspect is None or reading.time > self._suspect.time:
            self._suspect = reading
        return self._published

    def _confirms(self, reading: Reading, position: float) -> bool:
        suspect, published = self._suspect, self._published
        if suspect is None or published is None or reading.time <= suspect.time:
            return False
        growth = position - float(suspect.value)
        return 0 <= growth <= NOISE * published
