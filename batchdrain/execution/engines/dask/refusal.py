"""Finds out by a handshake of its own, before dask connects, whether this machine and a scheduler can use TLS with each other.

dask's own errors rarely tell: if our certificate is refused, it reports "Stream is closed", and a scheduler without TLS causes a
ValueError.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from batchdrain.execution.engines.dask.options import KEY, DaskOptions
from batchdrain.model.errors import ConfigError

_CONNECTS_S: Final = 3.0
_SPEAKS_S: Final = 2.0
_NO_TLS: Final = {
    "WRONG_VERSION_NUMBER",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
}
_OURS: Final = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")  #: words in alerts about our certificate
_CA: Final = (
    "set `ca` of engine_options, or distributed.comm.tls.ca-file of dask's configuration, to the authority that signed it"
)
_CERT: Final = (
    "set `cert` and `key` of engine_options, or distributed.comm.tls.client of dask's configuration, to what an authority "
    "signed that the scheduler trusts"
)


def find_refusal(options: DaskOptions, context: ssl.SSLContext | None) -> ConfigError | None:
    """Why TLS with the scheduler fails. `context`: ours; None: there are no certificates. Returns None if nobody answers there, or
    if TLS is not to blame."""
    try:
        if not options.is_encrypted:
            return _refusal_of_plain(options.address) if _speaks_tls(options) else None
        if context is not None:
            _greet(options, context)
    except ssl.SSLError as error:
        return _refusal_of(options.address, error)
    except (OSError, UnicodeError):  # UnicodeError: a name that no host can have
        return None
    return None


def _speaks_tls(options: DaskOptions) -> bool:
    """Whether the scheduler speaks TLS. Without TLS it speaks first; with TLS it waits for us. Raises OSError."""
    with _connect(options) as sock:
        try:
            sock.recv(1)
        except TimeoutError:
            pass
        else:
            return False
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        _greet(options, anybody)
    except ssl.SSLError as error:
        return error.reason not in _NO_TLS and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return True


def _greet(options: DaskOptions, context: ssl.SSLContext) -> None:
    """Do a handshake. Raises OSError, also if our certificate is refused, which is reported only after the handshake."""
    with _connect(options) as plain, context.wrap_socket(plain) as sock:
        try:
            sock.recv(1)
        except TimeoutError:  # it has nothing to say, so it accepts us
            return


def _connect(options: DaskOptions) -> socket.socket:
    url = urlsplit(options.address or "")
    sock = socket.create_connection((url.hostname or "", url.port or 0), _CONNECTS_S)
    sock.settimeout(_SPEAKS_S)
    return sock


def _refusal_of(address: str | None, error: ssl.SSLError) -> ConfigError | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigError(
            f"{KEY}.address: {address}: the scheduler's certificate is not trusted: {error.verify_message}", remedy=_CA
        )
    if error.reason in _NO_TLS:
        return ConfigError(
            f"{KEY}.address: {address}: the scheduler speaks no TLS",
            remedy="start it with --protocol tls and certificates, or write tcp:// if only you use the network",
        )
    if not any(alert in (error.reason or "") for alert in _OURS):
        return None
    return ConfigError(
        f"{KEY}.address: {address}: the scheduler does not accept our certificate: {error.reason}", remedy=_CERT
    )


def _refusal_of_plain(address: str | None) -> ConfigError:
    return ConfigError(
        f"{KEY}.address: {address}: the scheduler speaks only TLS",
        remedy="write it as tls://, with `ca`, `cert` and `key` of engine_options or distributed.comm.tls of dask's configuration",
    )
