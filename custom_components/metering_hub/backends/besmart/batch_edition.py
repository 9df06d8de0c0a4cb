"""Choose the batch endpoint from which all signals are read, and keep to it.

The values of a signal can differ by endpoint: `.../data/v2` and the data of a single
signal apply the ratio of a current transformer, `.../data` does not (source:
docs/wire/besmart.md, "Signal data"). A signal must therefore never be read now from one
and then from another.
"""

from collections.abc import Sequence

from ..errors import ProtocolError
from .client import BatchEdition, BesmartClient
from .memory import ServerMemory

_EDITIONS: Sequence[BatchEdition] = ("/v2", "")


class BatchEditionFinder:
    """Finds out which edition of the batch endpoint a server has, once."""

    def __init__(self, client: BesmartClient, memory: ServerMemory) -> None:
        """Initialize without an edition."""
        self._client = client
        self._memory = memory
        self._found: BatchEdition | None = None

    @property
    def is_known(self) -> bool:
        """Return True if `find` needs no request."""
        return self._found is not None

    async def find(self) -> BatchEdition | None:
        """Return the edition to use, or None if all signals are read one by one."""
        if self._found is None:
            for edition in sorted(_EDITIONS, key=self._is_unused):
                if await self._exists(edition):
                    self._found = edition
                    break
        return self._found

    def note_data(self) -> None:
        """Note that the edition has answered with data: it stays in use."""
        if self._found is not None:
            self._memory.note_answer(_data_of(self._found))

    def forget(self, *, is_refused: bool) -> bool:
        """Look for an edition again at the next `find`; return True if it may differ.

        An edition whose requests are refused, and that has never answered with data,
        takes another form of body than the published texts let expect.
        """
        edition, self._found = self._found, None
        if edition is None or not is_refused or not self._is_unused(edition):
            return False
        self._memory.set_missing(_name_of(edition))
        return True

    def _is_unused(self, edition: BatchEdition) -> bool:
        """Return True if no data were ever read from an edition.

        The memory of earlier versions only knows that the first edition has answered.
        """
        has_data = self._memory.has_answered(_data_of(edition))
        return not has_data and not (
            edition == "" and self._memory.has_answered(_name_of(edition))
        )

    async def _exists(self, edition: BatchEdition) -> bool:
        """Return True if the server has an edition of the batch endpoint."""

        async def request_nothing() -> bool:
            """Request an empty batch; an endpoint that refuses it exists as well."""
            try:
                await self._client.batch_data([], edition)
            except ProtocolError:
                return True
            return True

        name = _name_of(edition)
        return await self._memory.request_optional(name, request_nothing) or False


def _name_of(edition: BatchEdition) -> str:
    """Return the name of an edition in the memory."""
    return f"batch{edition}"


def _data_of(edition: BatchEdition) -> str:
    """Return the name in the memory of the data that an edition has sent."""
    return f"batch_data{edition}"
