"""Read signals with one request each, on servers without batches."""

from collections.abc import Sequence

from ..common.concurrency import gather_parts
from ..errors import BackendError, NotFoundError, ServerFaultError
from .batch_result import BatchResult
from .client import BesmartClient, TokenRefusedError
from .models import DataQuery, SignalData
from .scout import MOST_FAULTS, MOST_REFUSALS


async def read_singly(
    client: BesmartClient,
    queries: Sequence[DataQuery],
    found: BatchResult,
    attempts: int = MOST_REFUSALS,
    *,
    may_lack: bool = False,
) -> bool:
    """Add the data or the error of each query; return False if all are refused.

    So many `attempts`, from all over the list, are made one after the other. If they
    are refused, the others are not requested, unless the server may lack some signals.
    """
    third = -(-len(queries) // MOST_REFUSALS)
    ordered = [query for first in range(third) for query in queries[first::third]]
    faults = 0
    for count, query in enumerate(ordered[:attempts], start=1):
        await _read_each(client, [query], found)
        if (error := found.failures.get(query.signal)) is None:
            break
        faults += isinstance(error, ServerFaultError)
        is_over = isinstance(error, TokenRefusedError) or faults == MOST_FAULTS
        is_lacking = may_lack and isinstance(error, NotFoundError)
        if is_over or (count == attempts and not is_lacking):
            found.fail(found.missing(ordered), error)
            return False
    await _read_each(client, found.missing(ordered), found)
    return True


async def _read_each(
    client: BesmartClient, queries: Sequence[DataQuery], found: BatchResult
) -> None:
    """Read signals in parallel; after two failures, leave out the rest."""
    faults: list[BackendError] = []

    async def read(query: DataQuery) -> SignalData:
        """Read one signal."""
        if len(faults) >= MOST_FAULTS:
            raise faults[0]
        try:
            return await client.signal_data(query)
        except ServerFaultError as err:
            faults.append(err)
            raise

    parts = {query.signal: read(query) for query in queries}
    data, failures = await gather_parts(parts)
    found.data |= data
    found.failures |= failures
    found.rows |= {signal: len(each.samples) for signal, each in data.items()}
