"""The `engine_options` of the engine `dask`: what they may say, and the checks that keep strangers from giving our workers
orders."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import ConfigDict, ValidationError

from batchdrain.config.messages import explain
from batchdrain.config.section import Section, leaf
from batchdrain.config.settings import Settings
from batchdrain.config.values import NonEmptyText, Place, Seconds, Truth
from batchdrain.model.errors import ConfigError, did_you_mean

KEY: Final = "batchdrain.engine_options"
_SCHEMES: Final = ("tls", "wss", "tcp", "ws")
_OPEN: Final = {"tcp", "ws"}


class DaskOptions(Section):
    """Where the scheduler is, and the certificates for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: NonEmptyText | None = leaf(
        None, "of the scheduler, `tls://host:8786`; null: a cluster of our own, on this machine"
    )
    ca: Place = leaf("", "a file: the certificates of those who may sign others; empty: as dask is configured")
    cert: Place = leaf("", "a file: our certificate; empty: as dask is configured")
    key: Place = leaf("", "a file: its key; empty: as dask is configured, or in the file of the certificate")
    insecure: Truth = leaf(
        False, "allows `tcp://` to another machine: whoever reaches the scheduler runs code on all workers"
    )
    shares_files: Truth | None = leaf(
        None, "the workers see the folder of the sessions under the same path; null: each of them looks"
    )
    connect_s: Seconds = leaf(10.0, "how long to wait for the scheduler")

    @property
    def is_encrypted(self) -> bool:
        """Whether its address asks for TLS."""
        return self.address is not None and not self.address.startswith(tuple(f"{scheme}://" for scheme in _OPEN))


def options_of(settings: Settings) -> DaskOptions:
    """Read and check the options. Raises ConfigError, which names each problem in a line."""
    try:
        found = DaskOptions.model_validate(settings.engine_options)
    except ValidationError as error:
        raise ConfigError.of([_line(one) for one in error.errors()]) from None
    problems = [
        f"{KEY}.{name}: {path} is no file"
        for name in ("ca", "cert", "key")
        if (path := getattr(found, name)) and not Path(path).is_file()
    ]
    if problems:
        raise ConfigError.of(problems)
    if found.address is not None:
        _require_safe(found.address, insecure=found.insecure)
    return found


def _line(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{KEY}.{name}: the engine 'dask' knows no such option{did_you_mean(name, DaskOptions.model_fields)}"
    return f"{KEY}.{name}: {explain(error)}"


def _require_safe(address: str, *, insecure: bool) -> None:
    url = _split(address)
    if url is None:
        raise ConfigError(f"{KEY}.address: {address!r} is no address of a scheduler", remedy="write it as tls://host:8786")
    if url.username or url.password:
        raise ConfigError(
            f"{KEY}.address: holds a user or a password, for which dask has no use", remedy="write it as tls://host:8786"
        )
    if url.scheme in _OPEN and not insecure and not _is_loopback(url.hostname or ""):
        raise ConfigError(
            f"{KEY}.address: {address} is not encrypted: whoever reaches that scheduler runs code on all its workers",
            remedy="use tls:// with certificates of your own, or set engine_options.insecure if only you use the network",
        )


def _split(address: str) -> SplitResult | None:
    """Split an address; None if it is not the address of a scheduler. A name that no host can have is refused too, as dask would
    fail on it."""
    try:
        url = urlsplit(address)
        is_whole = url.scheme in _SCHEMES and bool(url.hostname and url.port)
        (url.hostname or "").encode("idna")
    except ValueError:
        return None
    return url if is_whole else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
