"""The options that may stand behind the '?' of a database URL. All others are refused: many read files, or undo what
batchdrain relies on."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.engine import URL

from batchdrain.model.errors import ConfigError, did_you_mean
from batchdrain.runtime.text import count_of

Problem = Callable[[str], str | None]
"""A check of a value: says what is wrong with it, without showing it; None if nothing is."""


def _any(_: str) -> str | None:
    return None


def _one_of(*values: str) -> Problem:
    """Accept only exactly these values, as libpq and SQLite compare them."""

    def problem_of(value: str) -> str | None:
        return None if value in values else f"must be {' or '.join(values)}"

    return problem_of


def _any_case_of(*values: str) -> Problem:
    """Accept these values in capitals too, where the driver does."""
    exact = _one_of(*values)
    return lambda value: exact(value.lower())


def _number(value: str) -> str | None:
    return None if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value) else "must be a number"


def _whole(value: str) -> str | None:
    return None if re.fullmatch(r"[0-9]{1,9}", value) else "must be a whole number"


def _ports(value: str) -> str | None:
    """Accept one port, or one for each host."""
    return None if re.fullmatch(r"[0-9]{1,5}(,[0-9]{1,5})*", value) else "must be a number, or one for each host: 5432,5433"


def _methods(value: str) -> str | None:
    names = [name.removeprefix("!") for name in value.split(",")]
    known = ("password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none")
    return None if set(names) <= set(known) else f"must be of {', '.join(known)}"


def _file(value: str) -> str | None:
    """Accept a regular file that can be read. A pipe would block the driver, which opens it where no deadline holds."""
    try:
        is_file = stat.S_ISREG(os.stat(value).st_mode)  # noqa: PTH116 - as the driver takes it, also '' or with a NUL
    except (OSError, ValueError):
        is_file = False
    return None if is_file and os.access(value, os.R_OK) else "must name a file that can be read"


def _folder(value: str) -> str | None:
    return None if os.path.isdir(value) else "must name a folder"  # noqa: PTH112 - as above


def _root_certificate(value: str) -> str | None:
    return None if value == "system" else _file(value)


_ON: Final = _any_case_of("1", "true", "yes", "on")
_TRUTH: Final = _any_case_of("1", "true", "yes", "on", "0", "false", "no", "off")
_SETTINGS: Final = {"search_path", "role", "statement_timeout", "lock_timeout", "work_mem", "timezone", "application_name"}
_PLACES: Final = {"endpoint", "project", "reference", "cluster"}  # options by which hosting services choose the database


def _options(value: str) -> str | None:
    """Accept PostgreSQL settings that change nothing that batchdrain promises, durability above all."""
    for part in re.sub(r"(^|\s)-c\s+", r"\1-c", value.strip()).split():
        found = re.fullmatch(r"(?:-c|--)?([A-Za-z_]+)=\S*", part)
        known = _SETTINGS if part.startswith("-") else _PLACES
        if found is None or found[1].lower() not in known | {"cluster"}:
            return f"may set only {', '.join(sorted(_SETTINGS))}, each as -c name=value"
    return None


_TAKEN: Final[Mapping[str, Mapping[str, Problem]]] = {
    "sqlite": {
        "uri": _TRUTH,
        "mode": _one_of("ro", "rw", "rwc", "memory"),
        "cache": _one_of("private"),
        "vfs": _one_of("unix"),
        "timeout": _number,
        "check_same_thread": _any_case_of("0", "false", "no", "off"),
        "cached_statements": _number,
    },
    "postgresql": {
        **dict.fromkeys(("host", "hostaddr", "user", "password", "application_name", "requirepeer", "krbsrvname"), _any),
        **dict.fromkeys(("sslpassword", "gsslib"), _any),
        "require_auth": _methods,
        "port": _ports,
        "connect_timeout": _number,
        **dict.fromkeys(("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"), _whole),
        **dict.fromkeys(("sslcert", "sslkey", "sslcrl", "passfile"), _file),
        **dict.fromkeys(("gssencmode", "channel_binding"), _one_of("disable", "prefer", "require")),
        **dict.fromkeys(("sslsni", "gssdelegation", "keepalives"), _one_of("0", "1")),
        **dict.fromkeys(("ssl_min_protocol_version", "ssl_max_protocol_version"), _any_case_of("tlsv1.2", "tlsv1.3")),
        "sslmode": _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "sslnegotiation": _one_of("postgres", "direct"),
        "sslcertmode": _one_of("disable", "allow", "require"),
        "sslcrldir": _folder,
        "target_session_attrs": _one_of("any", "read-write", "primary"),
        "load_balance_hosts": _one_of("disable", "random"),
        "sslrootcert": _root_certificate,
        "client_encoding": _any_case_of("utf8", "utf-8"),
        "options": _options,
    },
    "mysql": {
        **dict.fromkeys(("unix_socket", "program_name", "bind_address", "ssl_cipher", "ssl_key_password"), _any),
        **dict.fromkeys(("ssl_ca", "ssl_cert", "ssl_key"), _file),
        "ssl_capath": _folder,
        "ssl_check_hostname": _TRUTH,
        "ssl_verify_cert": _any_case_of("1", "true", "yes", "0", "false", "no"),
        **dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), _number),
        **dict.fromkeys(("ssl_verify_identity", "ssl_disabled", "use_unicode"), _ON),  # 'false' would be taken for yes
        "charset": _any_case_of("utf8mb4", "utf8"),
    },
}
"""The check of each option, by kind of database and by name."""

_WHY: Final[Mapping[str, str]] = {
    "local_infile": "the server could ask for files of this machine",
    **dict.fromkeys(("read_default_file", "read_default_group"), "it reads user, password and host from a file"),
    **dict.fromkeys(("service", "servicefile"), "it reads user, password and host from a file"),
    **dict.fromkeys(("nolock", "psow"), "SQLite's locks are what keeps two controllers apart"),
    "immutable": "the file is written to",
    **dict.fromkeys(("init_command", "sql_mode", "autocommit", "isolation_level"), "batchdrain sets up its sessions itself"),
    "prepare_threshold": "statements that a session keeps break behind a pooler",
    **dict.fromkeys(("dbname", "database", "db"), "the name of the database belongs after the host"),
    **dict.fromkeys(("user", "passwd", "password"), "user and password belong before the host"),
}
_SAFE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")


def require_taken(url: URL) -> None:
    """Raises ConfigError for an option that is not accepted, or has a value that is not accepted. Never shows a value."""
    taken = _TAKEN.get(url.get_backend_name())
    if taken is None:  # no driver of ours: opening the database reports that
        return
    for name, value in url.query.items():
        shown = repr(name) if _SAFE_NAME.fullmatch(name) else "a part of its query"
        if name not in taken:
            why = f": {_WHY[name]}" if name in _WHY else did_you_mean(name, taken)
            raise ConfigError(f"database_url: {shown} is not accepted{why}", remedy="remove it from the URL")
        values = (value,) if isinstance(value, str) else value
        if len(values) > 1 and name not in {"host", "port", "hostaddr"}:
            raise ConfigError(f"database_url: {shown} occurs twice", remedy="remove one from the URL")
        for one in values:
            if (problem := taken[name](one)) is not None:
                raise ConfigError(f"database_url: {shown} {problem}", remedy="correct the URL")
    _require_as_many_ports(url)


def _require_as_many_ports(url: URL) -> None:
    hosts, ports = (_entries(url, name) for name in ("host", "port"))
    if len(hosts) != len(ports) and ports and (len(hosts) > 1 or len(ports) > 1):
        raise ConfigError(
            f"database_url: its query has {count_of(len(ports), 'port')} for {count_of(len(hosts), 'host')}",
            remedy="name a port for each host",
        )


def _entries(url: URL, name: str) -> list[str]:
    given = url.query.get(name, ())
    return [entry for value in ((given,) if isinstance(given, str) else given) for entry in value.split(",")]
