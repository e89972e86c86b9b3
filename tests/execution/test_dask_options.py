"""Where a scheduler may be, and whether this machine and it can talk over TLS: found out before dask tries."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.execution.engines.dask import refusal
from batchdrain.execution.engines.dask.options import DaskOptions, options_of
from batchdrain.execution.engines.dask.refusal import _refusal_of, find_refusal
from batchdrain.model.errors import ConfigError
from tests.support.tls_authority import Signed, make_certificates
from tests.support.workplace import DEADLINE_S

ADDRESS = "tls://h:8786"
NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
OF_OURS = (
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "TLSV1_ALERT_UNKNOWN_CA",
    "TLSV1_ALERT_ACCESS_DENIED",
)


@pytest.mark.parametrize(
    ("address", "insecure", "is_encrypted"),
    [
        ("tls://h:8786", False, True),
        ("wss://h:8786", False, True),
        ("tcp://127.0.0.1:8786", False, False),
        ("tcp://127.9.9.9:8786", False, False),
        ("tcp://[::1]:8786", False, False),
        ("ws://localhost:8786", False, False),
        ("tcp://10.0.0.1:8786", True, False),
        ("ws://h:8786", True, False),
    ],
)
def test_an_address_is_taken_where_nobody_listens_in_or_that_is_wanted(
    address: str, insecure: bool, is_encrypted: bool
) -> None:
    found = options_of(Settings(engine_options={"address": address, "insecure": insecure}))
    assert (found.address, found.is_encrypted) == (address, is_encrypted)


@pytest.mark.parametrize(
    "address", ["ws://10.0.0.1:8786", "tcp://h:8786", "tcp://0.0.0.0:8786", "ws://127.0.0.1.example:8786"]
)
def test_an_open_address_of_another_machine_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="is not encrypted") as caught:
        options_of(Settings(engine_options={"address": address}))
    assert caught.value.remedy == (
        "use tls:// with certificates of your own, or set engine_options.insecure if only you use the network"
    )


OPEN = "is not encrypted: whoever reaches that scheduler runs code on all its workers"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"adress": "x"}, "adress: the engine 'dask' knows no such option (did you mean 'address'?)"),
        ({"insecure": "perhaps"}, "insecure: expected true or false"),
        ({"ca": "/no/such/file"}, "ca: /no/such/file is no file"),
        *(({"address": address, "insecure": True}, f"address: {address!r} is no address of a scheduler") for address in (
            "somewhere", "tcp://h", "tcp://h:x", "http://h:8786", "tcp://a..b:8786", f"tcp://{'x' * 64}.example:8786", "tls://[::1:8786",
            "tls://:8786", "tls://h:0", "tls:h:8786",
        )),
        *(({"address": address}, f"address: {address} {OPEN}") for address in (
            "tcp://10.0.0.1:8786", "ws://10.0.0.1:8786", "tcp://localhost.example:8786", "tcp://128.0.0.1:8786", "tcp://[::2]:8786",
        )),
        *(({"address": address}, "address: holds a user or a password, for which dask has no use") for address in (
            "tls://u:p@h:8786", "tcp://u@127.0.0.1:8786",
        )),
    ],
    ids=str,
)  # fmt: skip
def test_options_that_can_not_be_meant_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        options_of(Settings(engine_options=options))
    assert refused.value.message == f"batchdrain.engine_options.{says}"


def test_an_address_that_is_none_is_told_how_one_is_written() -> None:
    with pytest.raises(ConfigError) as refused:
        options_of(Settings(engine_options={"address": "h:8786"}))
    assert refused.value.remedy == "write it as tls://host:8786"
    with pytest.raises(ConfigError) as several:
        options_of(Settings(engine_options={"a": 1, "connect_s": {"x": 1}}))
    assert [line.partition(":")[0] for line in several.value.message.splitlines()] == [
        "batchdrain.engine_options.connect_s", "batchdrain.engine_options.a",
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["tls://u@h:8786", "tls://:p@h:8786"])
def test_a_user_or_a_password_is_of_no_use(address: str) -> None:
    with pytest.raises(ConfigError, match="holds a user or a password") as caught:
        options_of(Settings(engine_options={"address": address}))
    assert caught.value.remedy == "write it as tls://host:8786"


def test_each_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        options_of(Settings(engine_options={"ca": str(tmp_path), "cert": "/none", "key": "/none either"}))
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()[:3]] == [
        f"batchdrain.engine_options.{name}" for name in ("ca", "cert", "key")
    ]
    (tmp_path / "ca").touch()
    assert options_of(Settings(engine_options={"ca": str(tmp_path / "ca")})).ca == str(tmp_path / "ca")


def test_without_an_address_the_cluster_is_our_own_and_nothing_is_encrypted() -> None:
    found = options_of(Settings())
    assert (found.address, found.is_encrypted, found.insecure, found.shares_files, found.connect_s) == (
        None,
        False,
        False,
        None,
        10,
    )


def error_of(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, "it failed")
    error.reason = reason  # type: ignore[assignment]
    return error


@pytest.mark.parametrize("reason", NO_TLS)
def test_a_scheduler_that_speaks_otherwise_speaks_no_tls(reason: str) -> None:
    found = _refusal_of(ADDRESS, error_of(reason))
    assert found is not None
    assert (found.message.endswith("tls://h:8786: the scheduler speaks no TLS"), "--protocol tls" in str(found.remedy)) == (
        True,
        True,
    )


@pytest.mark.parametrize("reason", OF_OURS)
def test_an_alert_about_our_certificate_is_told_as_that(reason: str) -> None:
    found = _refusal_of(ADDRESS, error_of(reason))
    assert found is not None
    assert found.message.endswith(f"the scheduler does not accept our certificate: {reason}")
    assert str(found.remedy).startswith("set `cert` and `key` of engine_options")


@pytest.mark.parametrize("reason", [None, "TLSV1_ALERT_INTERNAL_ERROR", "NO_SHARED_CIPHER"])
def test_of_another_error_dask_itself_tells(reason: str | None) -> None:
    assert _refusal_of(ADDRESS, error_of(reason)) is None


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signed]:
    return make_certificates(tmp_path_factory.mktemp("tls") / "certificates")


@contextmanager
def served(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server on a port of its own, which answers each connection so, and closes it once the other side has."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                taken, _ = listening.accept()
                with taken, contextlib.suppress(OSError):
                    taken.settimeout(5)
                    answer(taken)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            socket.create_connection(listening.getsockname()).close()
            thread.join()


def over_tls(its: Signed) -> Callable[[socket.socket], object]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=its.ca)
    context.load_cert_chain(its.cert, its.key)
    context.verify_mode = ssl.CERT_REQUIRED

    def answer(taken: socket.socket) -> object:
        with context.wrap_socket(taken, server_side=True) as secured:
            return secured.recv(1)

    return answer


def context_of(ours: Signed | None, ca: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    if ours is not None:
        context.load_cert_chain(ours.cert, ours.key)
    return context


def told(scheme: str, port: int, context: ssl.SSLContext | None, speaks_s: float = DEADLINE_S) -> str | None:
    """`speaks_s`: how long it is waited for a scheduler that has nothing to say."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(refusal, "_SPEAKS_S", speaks_s)
        found = find_refusal(DaskOptions(address=f"{scheme}://127.0.0.1:{port}", insecure=True), context)
    return None if found is None else found.message.partition(f"{port}: ")[2]


def test_certificates_that_both_sides_trust_are_no_reason_to_refuse(signed: dict[str, Signed]) -> None:
    with served(over_tls(signed["scheduler"])) as port:
        assert told("tls", port, context_of(signed["me"], signed["me"].ca), 0.2) is None
        assert told("tls", port, None) is None, "without certificates nothing is tried"


def test_a_scheduler_that_does_not_take_our_certificate_says_so_behind_the_handshake(signed: dict[str, Signed]) -> None:
    with served(over_tls(signed["scheduler"])) as port:
        found = told("tls", port, context_of(None, signed["me"].ca))
    assert str(found).startswith("the scheduler does not accept our certificate: ")


def test_a_scheduler_whose_certificate_nobody_signed_whom_we_trust(signed: dict[str, Signed], tmp_path: Path) -> None:
    other = make_certificates(tmp_path / "other")
    with served(over_tls(signed["scheduler"])) as port:
        found = told("tls", port, context_of(signed["me"], other["me"].ca))
    assert str(found).startswith("the scheduler's certificate is not trusted: ")


def test_a_scheduler_without_tls_is_told_from_one_that_speaks_tls_alone(signed: dict[str, Signed]) -> None:
    def speak(taken: socket.socket) -> Any:
        taken.sendall(b"\x01\x00hello hello hello")
        return taken.recv(1)

    ours = context_of(signed["me"], signed["me"].ca)
    with served(speak) as port:
        assert (told("tls", port, ours), told("tcp", port, None)) == ("the scheduler speaks no TLS", None)
    with served(over_tls(signed["scheduler"])) as port:
        assert told("tcp", port, None, 1.0) == "the scheduler speaks only TLS"
    with served(lambda taken: taken.recv(1)) as port:
        assert told("tcp", port, None, 0.2) is None, "it says nothing, and ends"


def test_where_nobody_answers_dask_itself_tells(signed: dict[str, Signed]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    ours = context_of(signed["me"], signed["me"].ca)
    assert (told("tls", port, ours), told("tcp", port, None)) == (None, None)
