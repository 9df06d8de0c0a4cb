"""Samples of a signal, as an answer has them."""

from array import array
from collections.abc import Iterable, Iterator
from math import isnan, nan
from typing import NamedTuple


class Sample(NamedTuple):
    """A sample of a signal: epoch seconds, value (`None` if deleted) and origin."""

    time: float
    value: float | None
    origin: int


type Word = str | bool
"""A value that is not a number, such as the name of a tariff."""


class WordSample(NamedTuple):
    """A sample whose value is a word (`None` if deleted)."""

    time: float
    value: Word | None
    origin: int


class Samples:
    """Samples in the order of an answer, stored as columns of plain numbers.

    Garbage collection visits every object, and a hundred thousand sample objects
    would block the event loop for too long. `is_backwards` is true if the server sent
    the latest sample first.
    """

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        """Initialize the columns."""
        self._times = array("d")
        self._values = array("d")
        self._origins = array("q")
        self._words: dict[int, Word] = {}
        self._is_plain = False
        self.is_backwards = False
        self.extend(samples)

    @classmethod
    def of_columns(
        cls,
        times: Iterable[float],
        values: Iterable[float],
        origins: Iterable[int],
        *,
        is_plain: bool,
    ) -> Samples:
        """Return samples made from columns of equal length; none is deleted.

        `is_plain` says that all are measured or predicted, and that none is later than
        one that follows it.
        """
        samples = cls()
        samples._times = array("d", times)
        samples._values = array("d", values)
        samples._origins = array("q", origins)
        samples._is_plain = is_plain
        return samples

    def last_of(self, origin: int) -> tuple[float, float] | None:
        """Return time and value of the last sample of an origin, if that is the latest.

        Returns None if there is none, or if the samples are not plain.
        """
        if not self._is_plain:
            return None
        for index in range(len(self._origins) - 1, -1, -1):
            if self._origins[index] == origin:
                return self._times[index], self._values[index]
        return None

    def extend(self, samples: Iterable[Sample | WordSample]) -> None:
        """Append samples."""
        self._is_plain = False
        for time, value, origin in samples:
            if isinstance(value, str | bool):
                self._words[len(self._times)] = value
                self._values.append(nan)
            else:
                self._values.append(nan if value is None else value)
            self._times.append(time)
            self._origins.append(origin)

    def span(self) -> tuple[float, float] | None:
        """Return the times of the oldest and the latest sample, in epoch seconds."""
        return (min(self._times), max(self._times)) if self._times else None

    def __len__(self) -> int:
        """Return the number of samples, including deleted ones and words."""
        return len(self._times)

    def __iter__(self) -> Iterator[Sample]:
        """Yield the numbers and the deleted samples in the order of the answer."""
        columns = zip(self._times, self._values, self._origins, strict=True)
        for index, (time, value, origin) in enumerate(columns):
            if not isnan(value):
                yield Sample(time, value, origin)
            elif index not in self._words:
                yield Sample(time, None, origin)

    def rows(self) -> Iterator[Sample | WordSample]:
        """Yield all samples in the order of the answer."""
        columns = zip(self._times, self._values, self._origins, strict=True)
        for index, (time, value, origin) in enumerate(columns):
            if (word := self._words.get(index)) is not None:
                yield WordSample(time, word, origin)
            else:
                yield Sample(time, None if isnan(value) else value, origin)

    def words(self) -> Iterator[WordSample]:
        """Yield the words and the deleted samples; nothing if there is no word."""
        if not self._words:
            return
        columns = zip(self._times, self._values, self._origins, strict=True)
        for index, (time, value, origin) in enumerate(columns):
            if isnan(value):
                yield WordSample(time, self._words.get(index), origin)
