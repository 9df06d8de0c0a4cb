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


class Fall[Moment]:
    """The readings below a register's known position, until they are explained.

    A register that comes back was noise; one that goes on from below is a new one.
    """

    def __init__(self) -> None:
        """Start without a suspect."""
        self._suspects: tuple[tuple[Moment, float], ...] = ()

    def confirm(
        self, moment: Moment, position: float, known: float
    ) -> tuple[tuple[Moment, float], ...]:
        """Return the new register's readings if this newer one makes them believable.

        They are oldest first, and there are none as long as the reading is a suspect
        itself. `known` is the position that the register fell from.
        """
        before = self._suspects[-1][1] if self._suspects else None
        suspect = (moment, position)
        if before is None or position < before:
            self._suspects = (suspect,)
            return ()
        growing = (*self._suspects, suspect)
        if position - before <= NOISE * known:
            # These two belong together; one before them that is far off does not.
            confirmed = growing[-2:]
        elif len(growing) >= UNRELATED_READINGS:
            confirmed = growing
        else:
            self._suspects = growing
            return ()
        self.forget()
        return confirmed

    def forget(self) -> None:
        """Drop the suspects: they were noise."""
        self._suspects = ()

    @property
    def first(self) -> Moment | None:
        """Return the moment of the first suspect."""
        return self._suspects[0][0] if self._suspects else None

    @property
    def newest(self) -> Moment | None:
        """Return the moment of the last suspect."""
        return self._suspects[-1][0] if self._suspects else None


class RegisterGuard:
    """Publishes the readings of one register, but a fall only once it is confirmed."""

    def __init__(self) -> None:
        """Start without knowing any position."""
        self._published: float | None = None
        self._published_at: datetime | None = None
        self._fall: Fall[datetime] = Fall()

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
        known = self._published
        if known is None or position >= known:
            self._fall.forget()
            self._publish(reading, position)
        elif self._is_news(reading) and self._fall.confirm(
            reading.time, position, known
        ):
            self._publish(reading, position)
        return self._published

    def _publish(self, reading: Reading, position: float) -> None:
        self._published, self._published_at = position, reading.time

    def _is_news(self, reading: Reading) -> bool:
        """Tell whether a reading is newer than what is known; a late one is not."""
        known = self._fall.newest or self._published_at
        return known is None or reading.time > known
