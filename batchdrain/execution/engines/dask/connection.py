"""Connects to a scheduler, or makes a cluster of our own. Nothing of dask hears our signals or writes to our screen."""

from __future__ import annotations

import logging
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from batchdrain.execution.engines.dask.options import DaskOptions
from batchdrain.execution.engines.dask.refusal import find_refusal
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.signals import block_signals

_LOGGERS: Final = ("distributed", "tornado", "asyncio", "bokeh")
_CLIENT: Final = "batchdrain"
_ENDS_WITHIN_S: Final = 5.0
_KEPT_MESSAGES: Final = 10
_SENDS_EVERY_S: Final = 0.001


@contextmanager
def quietly() -> Iterator[None]:
    """Threads that dask starts meanwhile hear no signals, and its warnings are not printed."""
    with block_signals(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def connect(options: DaskOptions, workers: int) -> tuple[Any, Any]:
    """Connect. Returns a client and our own cluster, None if there is none. Raises ConfigError; OSError if nobody answers."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            f"batchdrain.engine: 'dask' needs a package: {error}", remedy="pip install '/path/to/batchdrain[dask]'"
        ) from error
    _silence()
    _keep_no_messages()
    security = None if options.address is None else _security_of(options)
    # This comes before dask tries: a refused connection leaves a client behind that nobody can close.
    if security is not None and (refusal := find_refusal(options, _context_of(security))) is not None:
        raise refusal
    cluster = _own_cluster(workers) if options.address is None else None
    try:
        client = Client(
            cluster or options.address, security=security, set_as_default=False, timeout=options.connect_s, name=_CLIENT
        )
    except OSError:
        if cluster is not None:
            cluster.close()
        raise
    # By default nothing is sent for 10 ms after a message: an order would wait so long while a slot is free.
    if client.scheduler_comm is not None:
        client.scheduler_comm.interval = _SENDS_EVERY_S
    return client, cluster


def _own_cluster(workers: int) -> Any:
    """A cluster in this process. Nothing listens on a port, not even on 127.0.0.1, where any user of the machine could give it
    orders."""
    import dask
    from distributed import Scheduler, SpecCluster, Worker

    off = {"scheduler.http.routes": [], "worker.http.routes": [], "worker.profile.enabled": False}
    dask.config.set({f"distributed.{name}": value for name, value in off.items()})
    common = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    cluster = SpecCluster(
        scheduler={"cls": Scheduler, "options": {**common, "protocol": "inproc://"}},
        workers={0: {"cls": Worker, "options": {**common, "nthreads": workers, "memory_limit": 0}}},
        silence_logs=False,
    )
    for server in (cluster.scheduler, *cluster.workers.values()):
        cluster.sync(_stop_pages, server, callback_timeout=_ENDS_WITHIN_S)
    return cluster


async def _stop_pages(server: Any) -> None:
    server.http_server.stop()


def _security_of(options: DaskOptions) -> Any:
    """The certificates named by the options, or else those configured in dask. Raises ConfigError."""
    from distributed import Security

    named = {
        name: str(Path(path).absolute())
        for name, path in (
            ("tls_ca_file", options.ca),
            ("tls_client_cert", options.cert),
            ("tls_client_key", options.key),
        )
        if path
    }
    try:
        security = Security(**named)
        context = _context_of(security)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"batchdrain.engine_options: the certificates can't be read: {error}", remedy="correct ca, cert and key"
        ) from error
    if options.is_encrypted and context is None:
        raise ConfigError(
            f"batchdrain.engine_options: {options.address} needs certificates, and none are configured",
            remedy="set ca, cert and key of engine_options, or distributed.comm.tls of dask's configuration",
        )
    return security


def _context_of(security: Any) -> ssl.SSLContext | None:
    """The TLS context; None if there are no certificates. Raises OSError, ValueError."""
    found: ssl.SSLContext | None = security.get_connection_args("client").get("ssl_context")
    return found


def _keep_no_messages() -> None:
    """Keep few messages: dask keeps the last thousand of each connection for inspection, which is 50 kB for each of our orders."""
    import dask

    dask.config.set({"distributed.admin.low-level-log-length": _KEPT_MESSAGES})


def _silence() -> None:
    """Silence dask's loggers, which write to stderr unless somebody has configured them otherwise. Log files stay."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _LOGGERS:
            _silence_one(logging.getLogger(name))
    for name in _LOGGERS:
        _silence_one(logging.getLogger(name))
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False


def _silence_one(logger: logging.Logger) -> None:
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            logger.removeHandler(handler)
