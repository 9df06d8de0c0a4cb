"""Requests for columns of values of many series, in batches."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from ..errors import BackendError, ProtocolError
from .batching import ExpectedRows, SeriesBatcher, make_batches
from .timeseries_client import Aggregation, Columns, Span, TimeseriesClient, Width


class ColumnReader:
    """Reads stored values, or what the server computes from them, as columns."""

    def __init__(self, batcher: SeriesBatcher, client: TimeseriesClient) -> None:
        """Initialize the reader."""
        self._batcher = batcher
        self._client = client

    async def values(
        self, ids: Iterable[int], span: Span, rows: ExpectedRows
    ) -> tuple[Columns, dict[int, BackendError]]:
        """Return stored values of series; see `buckets`."""
        return await self._read(ids, span, rows, self._client.value_columns)

    async def buckets(
        self,
        ids: Iterable[int],
        span: Span,
        width: Width,
        aggregation: Aggregation,
    ) -> tuple[Columns, dict[int, BackendError]]:
        """Return a value per bucket of each series, and the errors of the others.

        They are the series whose request failed, or which the server has left out.
        Raises BackendError if the whole server fails.
        """
        length = (span.end - span.start) / width.length + 1
        send = partial(
            self._client.bucket_columns, width=width, aggregation=aggregation
        )
        return await self._read(ids, span, lambda _number: length, send)

    async def _read(
        self,
        ids: Iterable[int],
        span: Span,
        rows: ExpectedRows,
        send: Callable[..., Awaitable[Columns]],
    ) -> tuple[Columns, dict[int, BackendError]]:
        """Return the columns of series, and the errors of those that have none."""
        batches = make_batches(ids, url_length=self._client.url_length(span), rows=rows)
        parts, failed = await self._batcher.request_some(
            batches, partial(send, span=span)
        )
        table = {n: column for part in parts for n, column in part.items()}
        # All requested series have a column, also those without any value.
        missing = {n for batch in batches for n in batch} - table.keys() - failed.keys()
        error = ProtocolError("the answer does not have the series")
        return table, failed | dict.fromkeys(missing, error)
