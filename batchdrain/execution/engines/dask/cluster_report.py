"""What `inv doctor` asks of a cluster: which workers there are, with which versions, and whether they execute anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from batchdrain.execution.engines.dask.by_source import AT_WORKER, BySource
from batchdrain.execution.engines.dask.options import DaskOptions
from batchdrain.execution.engines.examined import Examined
from batchdrain.runtime.text import count_of

_SHOWN: Final = ("python", "dask", "distributed")
_SHOWN_WORKERS: Final = 20


class Cluster(Protocol):
    """The part of the engine that the report needs."""

    client: Any

    def workers(self) -> dict[str, Any]:
        """What the scheduler knows of each worker, by address."""

    def tell_each(self, call: Callable[[bytes], bytes], message: bytes) -> dict[str, bytes | None]:
        """The answers of the workers, by address; None: no answer."""


def report(engine: Cluster, options: DaskOptions) -> Iterator[Examined]:
    """Examine a cluster. Raises OSError if the scheduler no longer answers."""
    versions = engine.client.get_versions(check=False)
    mine, its = _shown(versions["client"]), _shown(versions["scheduler"])
    where = "a cluster of our own, in this process" if options.address is None else options.address
    yield Examined(
        message=f"connected to {where}; scheduler: {its}; here: {mine}", is_warning=mine != its, cure=_cure(mine, its)
    )
    if options.address is not None:
        yield _examine_safety(options)
    workers = engine.workers()
    threads = sum(worker["nthreads"] for worker in workers.values())
    if not workers:
        yield Examined(
            message="there are no workers: a drain waits for one, for lease.ttl_s at most",
            is_warning=True,
            cure="start workers",
        )
        return
    yield Examined(message=f"there: {count_of(len(workers), 'worker')} with {count_of(threads, 'thread')}")
    answers = engine.tell_each(BySource(AT_WORKER, "execute_true"), b"")
    for address in sorted(workers)[:_SHOWN_WORKERS]:
        yield _examine_worker(workers[address], address, _shown(versions["workers"].get(address)), answers.get(address), mine)
    if len(workers) > _SHOWN_WORKERS:
        yield Examined(message=f"{len(workers) - _SHOWN_WORKERS} more workers are not listed")


def _examine_safety(options: DaskOptions) -> Examined:
    if options.is_encrypted:
        return Examined(message="TLS: both sides show a certificate")
    return Examined(
        message="no TLS: whoever reaches the scheduler runs code on all workers",
        is_warning=options.insecure,
        cure="use tls://",
    )


def _examine_worker(worker: Mapping[str, Any], address: str, its: str, answer: bytes | None, mine: str) -> Examined:
    name = f"worker {worker['name']} ({address}, {count_of(worker['nthreads'], 'thread')}; {its})"
    if answer is None:
        return Examined(ok=False, message=f"{name}: does not answer", cure="read its log, or end it")
    if answer:
        return Examined(ok=False, message=f"{name}: can't execute `true`: {answer.decode()}", cure="correct its PATH")
    return Examined(message=f"{name}: executes `true`", is_warning=its != mine, cure=_cure(mine, its))


def _shown(versions: Mapping[str, Any] | None) -> str:
    packages = (versions or {}).get("packages", {})
    return (
        ", ".join(f"{name} {str(packages[name]).removesuffix('.final.0')}" for name in _SHOWN if name in packages)
        or "unknown"
    )


def _cure(mine: str, its: str) -> str:
    return "" if mine == its else "dask asks for the same versions of itself on all sides"
