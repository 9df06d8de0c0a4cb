"""Keep false meter readings away from Home Assistant.

Home Assistant treats any drop of a `total_increasing` sensor as a new meter and counts
everything after it as consumption: a false 0 for three seconds would count the whole
meter reading a second time.
"""

from datetime import datetime

from .model import Reading

NOISE = 0.1
"""The largest difference between two readings after the same drop, as a share of the
position before the drop."""

UNRELATED_READINGS = 3
"""The number of increasing readings that confirm a drop if they differ by more than
that: a small meter that is read rarely has advanced a lot by its second reading."""


class Fall[Moment]:
    """Collect the readings below a register's position until they are explained.

    If the register returns to its position, they were noise. If it advances from the
    lower position, they belong to a new register.
    """

    def __init__(self) -> None:
        """Initialize without suspect readings."""
        self._suspects: tuple[tuple[Moment, float], ...] = ()

    def confirm(
        self, moment: Moment, position: float, known: float
    ) -> tuple[tuple[Moment, float], ...]:
        """Return the new register's readings, oldest first, if this one confirms them.

        `known` is the position before the drop. The result is empty while this reading
        is itself a suspect.
        """
        before = self._suspects[-1][1] if self._suspects else None
        suspect = (moment, position)
        if before is None or position < before:
            self._suspects = (suspect,)
            return ()
        growing = (*self._suspects, suspect)
        if position - before <= NOISE * known:
            # An earlier suspect that differs by more than noise is not confirmed.
            confirmed = growing[-2:]
        elif len(growing) >= UNRELATED_READINGS:
            confirmed = growing
        else:
            self._suspects = growing
            return ()
        self.forget()
        return confirmed

    def forget(self) -> None:
        """Drop the suspect readings because they were noise."""
        self._suspects = ()

    @property
    def first(self) -> Moment | None:
        """Return the time of the first suspect reading."""
        return self._suspects[0][0] if self._suspects else None

    @property
    def latest(self) -> Moment | None:
        """Return the time of the latest suspect reading."""
        return self._suspects[-1][0] if self._suspects else None


class RegisterGuard:
    """Publish the readings of one register, but a drop only once it is confirmed."""

    def __init__(self) -> None:
        """Initialize the guard without a known position."""
        self._published: float | None = None
        self._published_at: datetime | None = None
        self._fall: Fall[datetime] = Fall()

    def restore(self, position: float) -> None:
        """Restore the position that was published before a restart."""
        self._published = position

    def filter(self, reading: Reading) -> float | None:
        """Return the position to publish after this reading.

        A position below the published one is held back until a second, newer reading
        is about the same, or a third one continues to increase. Until then the
        published position stays. A register that returns to it leaves no trace.
        """
        if not isinstance(reading.value, int | float):
            return self._published
        position = float(reading.value)
        known = self._published
        if known is None or position >= known:
            self._fall.forget()
            self._publish(reading, position)
        elif self._is_newer(reading) and self._fall.confirm(
            reading.time, position, known
        ):
            self._publish(reading, position)
        return self._published

    def _publish(self, reading: Reading, position: float) -> None:
        """Publish the position of a reading."""
        self._published, self._published_at = position, reading.time

    def _is_newer(self, reading: Reading) -> bool:
        """Return True if a reading is newer than all readings considered so far."""
        known = self._fall.latest or self._published_at
        return known is None or reading.time > known
