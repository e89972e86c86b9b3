"""Tells all workers of a cluster something, besides their tasks, and collects their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

Call = Callable[[bytes], bytes]
_TELLS_WITHIN_S: Final = 3.0
_SILENT_S: Final = 0.3


class Telling:
    """Tells workers over one connection. Its coroutines run in dask's own thread."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._silent: set[str] = set()  #: workers that did not answer the last time

    async def workers(self) -> dict[str, Any]:
        """What the scheduler knows of each worker, by address."""
        found: dict[str, Any] = (await self._client.scheduler.identity(n_workers=-1))["workers"]
        return found

    async def tell(self, call: Call, message: bytes) -> dict[str, bytes | None]:
        """Execute `call` on every worker, by address; None: no answer. Workers that were silent before are hardly awaited, so that
        the others hear the next message in time."""
        addresses = list(await asyncio.wait_for(self.workers(), _TELLS_WITHIN_S))
        within = [_SILENT_S if address in self._silent else _TELLS_WITHIN_S for address in addresses]
        telling = (self._tell_one(one, call, message, within_s) for one, within_s in zip(addresses, within, strict=True))
        answers = dict(zip(addresses, await asyncio.gather(*telling), strict=True))
        self._silent = {address for address, answer in answers.items() if answer is None}
        return answers

    async def _tell_one(self, address: str, call: Call, message: bytes, within_s: float) -> bytes | None:
        answers = self._client.run(call, message, workers=[address], on_error="ignore", asynchronous=True)
        try:
            found = (await asyncio.wait_for(answers, within_s)).get(address)
        except OSError:
            return None
        return found if isinstance(found, bytes) else None
