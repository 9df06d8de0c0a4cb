"""What was read of many signals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import BackendError
from .models import DataQuery, SignalData, SignalId


@dataclass(slots=True)
class BatchResult:
    """The data of signals, and the errors of those that could not be read.

    Signals that the server does not have are among the latter (NotFoundError). `rows`
    is the number of samples in the whole answer that a signal was in.
    """

    data: dict[SignalId, SignalData] = field(default_factory=dict)
    failures: dict[SignalId, BackendError] = field(default_factory=dict)
    rows: dict[SignalId, int] = field(default_factory=dict)

    def add(self, other: BatchResult) -> None:
        """Add the signals of another result."""
        self.data |= other.data
        self.failures |= other.failures
        self.rows |= other.rows

    def drop(self, failures: Mapping[SignalId, BackendError]) -> None:
        """Replace the data of signals by their errors."""
        self.failures |= failures
        self.data = {s: data for s, data in self.data.items() if s not in failures}

    def fail(self, queries: Sequence[DataQuery], error: BackendError) -> None:
        """Note that the signals of queries could not be read."""
        self.failures |= {query.signal: error for query in queries}

    def missing(self, queries: Sequence[DataQuery]) -> list[DataQuery]:
        """Return the queries that have neither data nor an error yet."""
        return [
            query
            for query in queries
            if query.signal not in self.data and query.signal not in self.failures
        ]
