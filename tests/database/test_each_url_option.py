"""Each option that may stand behind the '?' of a database URL: what it may hold, and what it may not."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from batchdrain.database.url import parse_url
from batchdrain.database.url_options import _TAKEN, _WHY
from batchdrain.model.errors import ConfigError
from tests.cli.telling import SECRET

BEGINS = {"sqlite": "sqlite:///x.db?", "postgresql": "postgresql://u@h/x?", "mysql": "mysql+pymysql://u@h/x?"}
ANY = (SECRET, "")
TRUE, FALSE = ("1", "true", "YES", "on"), ("0", "False", "no", "OFF")
NUMBERS, WHOLE = ("5", "0.25", "123456789.123456789"), ("0", "123456789")
NO_NUMBERS, NOT_WHOLE = (
    ("", "-1", "1e3", "5s", "1234567890", ".5", "5.", "1.1234567890"),
    ("", "-1", "1.5", "x", "1234567890"),
)
FILE, FOLDER = "{folder}/file", "{folder}"
NO_FILES, NO_FOLDERS = (FOLDER, "{folder}/none", "", "%00", "/dev/null"), (FILE, "{folder}/none", "")
THREE = ("disable", "prefer", "require")
OPTIONS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "sqlite": {
        "uri": ((*TRUE, *FALSE), ("2", "")),
        "mode": (("ro", "rw", "rwc", "memory"), ("r", "RW", "")),
        "cache": (("private",), ("shared", "")),
        "vfs": (("unix",), ("unix-none", "UNIX")),
        "timeout": (NUMBERS, NO_NUMBERS),
        "check_same_thread": (FALSE, (*TRUE, "")),
        "cached_statements": (NUMBERS, NO_NUMBERS),
    },
    "postgresql": {
        **dict.fromkeys(
            ("host", "hostaddr", "user", "password", "application_name", "requirepeer", "krbsrvname", "sslpassword", "gsslib"),
            (ANY, ()),
        ),
        "require_auth": (("password", "!md5,!none", "gss,sspi,scram-sha-256,oauth"), ("", "MD5", "password,x", "!!md5")),
        "port": (("1", "5432", "65535"), ("", "123456", "5432,", ",5432", "x")),
        "connect_timeout": (NUMBERS, NO_NUMBERS),
        **dict.fromkeys(("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"), (WHOLE, NOT_WHOLE)),
        **dict.fromkeys(("sslcert", "sslkey", "sslcrl", "passfile"), ((FILE,), (*NO_FILES, "system"))),
        **dict.fromkeys(("gssencmode", "channel_binding"), (THREE, ("allow", "Require", ""))),
        **dict.fromkeys(("sslsni", "gssdelegation", "keepalives"), (("0", "1"), ("2", "true", ""))),
        **dict.fromkeys(("ssl_min_protocol_version", "ssl_max_protocol_version"), (("TLSv1.2", "tlsv1.3"), ("TLSv1.1", "tlsv1", ""))),
        "sslmode": ((*THREE, "allow", "verify-ca", "verify-full"), ("no", "VERIFY-FULL", "")),
        "sslnegotiation": (("postgres", "direct"), ("x", "")),
        "sslcertmode": (("disable", "allow", "require"), ("prefer", "")),
        "sslcrldir": ((FOLDER,), NO_FOLDERS),
        "target_session_attrs": (("any", "read-write", "primary"), ("standby", "read-only", "prefer-standby", "")),
        "load_balance_hosts": (("disable", "random"), ("yes", "")),
        "sslrootcert": ((FILE, "system"), (*NO_FILES, "System")),
        "client_encoding": (("utf8", "UTF-8"), ("latin1", "auto", "")),
        "options": (
            (
                "", "-c search_path=x", "-crole=r -c work_mem=1MB", "--statement_timeout=5s", "-c lock_timeout=1",
                "-c TimeZone=UTC", "--application_name=x", "endpoint=e", "project=p", "reference=r", "cluster=c", "--cluster=c",
                "  -c   role=x  ",
            ),
            (
                "-c", "-c fsync=off", "-c synchronous_commit=off", "-crole=x -cfsync=off", "role=x", "-c endpoint=e", "-d 5",
                "-c default_transaction_read_only=on", "-c session_replication_role=replica", "--idle_in_transaction_session_timeout=1",
            ),
        ),
    },
    "mysql": {
        **dict.fromkeys(("unix_socket", "program_name", "bind_address", "ssl_cipher", "ssl_key_password"), (ANY, ())),
        **dict.fromkeys(("ssl_ca", "ssl_cert", "ssl_key"), ((FILE,), (*NO_FILES, "system"))),
        "ssl_capath": ((FOLDER,), NO_FOLDERS),
        "ssl_check_hostname": ((*TRUE, *FALSE), ("2", "")),
        "ssl_verify_cert": (("1", "True", "yes", "0", "false", "NO"), ("on", "off", "")),
        **dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), (NUMBERS, NO_NUMBERS)),
        **dict.fromkeys(("ssl_verify_identity", "ssl_disabled", "use_unicode"), (TRUE, (*FALSE, ""))),
        "charset": (("utf8mb4", "UTF8"), ("latin1", "utf16", "")),
    },
}  # fmt: skip
EACH = [pytest.param(backend, name, id=f"{backend} {name}") for backend, by in OPTIONS.items() for name in by]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("x")
    return tmp_path


def url_of(backend: str, name: str, value: str, folder: Path) -> str:
    text = value if value == "%00" else quote(value.format(folder=folder) if "{folder}" in value else value, safe="")
    return f"{BEGINS[backend]}{name}={text}"


def test_each_option_is_tried_here() -> None:
    assert {backend: set(by) for backend, by in OPTIONS.items()} == {backend: set(by) for backend, by in _TAKEN.items()}


@pytest.mark.parametrize(("backend", "name"), EACH)
def test_an_option_takes_what_the_driver_can_mean_and_nothing_else(backend: str, name: str, folder: Path) -> None:
    taken, refused = OPTIONS[backend][name]
    for value in taken:
        parse_url(url_of(backend, name, value, folder))
    for value in refused:
        if not value:  # SQLAlchemy leaves out what has no value
            continue
        with pytest.raises(ConfigError) as caught:
            parse_url(url_of(backend, name, value, folder))
        assert (repr(name) in str(caught.value), caught.value.remedy) == (True, "correct the URL"), value


@pytest.mark.parametrize("name", _WHY)
def test_an_option_that_is_never_taken_says_why(name: str) -> None:
    for backend, url in BEGINS.items():
        if name not in _TAKEN[backend]:
            with pytest.raises(ConfigError, match=f"{name!r} is not accepted: ") as caught:
                parse_url(f"{url}{name}={SECRET}")
            assert SECRET not in str(caught.value)


@pytest.mark.parametrize("backend", BEGINS)
def test_a_misspelt_option_is_told_with_the_one_that_is_meant(backend: str) -> None:
    name = {"sqlite": "timeout", "postgresql": "sslmode", "mysql": "charset"}[backend]
    with pytest.raises(ConfigError, match=f"did you mean '?{name}"):
        parse_url(f"{BEGINS[backend]}{name[:-1]}=1")


def test_hosts_their_addresses_and_ports_alone_may_stand_twice(folder: Path) -> None:
    parse_url("postgresql://u@/x?host=a&host=b&port=1&port=2&hostaddr=1.1.1.1&hostaddr=1.1.1.2")
    for name in ("application_name", "user"):
        with pytest.raises(ConfigError, match=f"'{name}' occurs twice"):
            parse_url(f"postgresql://u@/x?{name}=a&{name}=b")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("host=a,b&port=1,2", None),
        ("host=a,b", None),
        ("port=1", None),
        ("host=a&port=1", None),
        ("port=1,2", "2 ports for 0 hosts"),
        ("host=a,b&port=1", "1 port for 2 hosts"),
        ("host=a&port=1,2", "2 ports for 1 host"),
    ],
)
def test_each_host_has_its_port(query: str, said: str | None) -> None:
    if said is None:
        parse_url(f"postgresql://u@/x?{query}")
        return
    with pytest.raises(ConfigError, match=said) as caught:
        parse_url(f"postgresql://u@/x?{query}")
    assert caught.value.remedy == "name a port for each host"
