"""Which variables, and which parts of a URL's query, hold a secret: lists of words, as data."""

from __future__ import annotations

import re
from typing import Final

ANYWHERE: Final = (
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "dsn",
    "key",
    "pass",
    "pwd",
    "secret",
    "token",
    "webhook",
)
"""Words that suggest a secret wherever they occur in a name."""
PARTS: Final = frozenset(
    "cred creds csrf hmac jwe jwk jwks jwt mnemonic nonce otp p12 pat pats pem pepper pfx pin private pw salt sas signature signing "
    "totp xsrf".split()
)
"""Words that suggest a secret only as a whole part of a name: PATH and PATTERN are no PAT, PING is no PIN."""
_PLACES: Final = frozenset("cidr host hostname hosts ip ips port region subnet zone".split())
"""A name that ends with one of these says where something is, such as PRIVATE_IP."""
_FILES: Final = frozenset("dir directory file filename folder home path root sock socket".split())
"""The value of a name that ends with one of these is a path. It is not a secret itself, and occurs within many texts."""
_COUNTS: Final = frozenset(
    "age count days expires expiry hours length lifetime limit max min minutes ms rounds seconds size timeout ttl version".split()
)
_OTHERS: Final = {"auth": "auth(?!or)", "authorization": "authori[sz]ation", "pwd": "_pwd|^pwd."}
"""Exceptions: GIT_AUTHOR_NAME and PWD are no secrets."""
_FOLDER_NOW: Final = "PWD"
_SECRET: Final = re.compile("|".join(_OTHERS.get(part, part) for part in ANYWHERE), re.IGNORECASE)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_COMMON: Final = frozenset(
    "always approle basic bearer branch default desktop development digest disable disabled enable enabled english external false "
    "github google hidden ignore internal kerberos localhost manual master memory negotiate nobody notset number oauth2 openid "
    "optional password prefer prefer-source private production public release required sandbox secret service staging standard "
    "strict string system test testing unknown unset username verify-ca verify-full".split()
)
"""Values that everybody has. Removing them from every text would hide what happened and protect nothing."""
SHOWN_IN_URLS: Final = frozenset(
    "application_name autocommit cache cached_statements channel_binding charset check_same_thread client_encoding collation "
    "connect_timeout dbname detect_types fallback_application_name gssencmode host hostaddr immutable isolation_level keepalives "
    "keepalives_count keepalives_idle keepalives_interval load_balance_hosts local_infile mode nolock plugin port prepare_threshold "
    "program_name read_default_file read_default_group read_timeout service sql_mode ssl ssl_ca ssl_cert ssl_check_hostname ssl_verify_cert ssl_verify_identity sslcert sslcrl sslmode sslrootcert "
    "target_session_attrs tcp_user_timeout timeout unix_socket uri use_unicode user vfs write_timeout".split()
)
"""Parts of a database URL's query that drivers know and that hold no secret. All others are masked."""


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    words = _words_of(name)
    if not words or words[-1] in _PLACES:
        return False
    is_password = "pwd" in words and name != _FOLDER_NOW
    return is_password or _SECRET.search(name) is not None or not PARTS.isdisjoint(words)


def is_common(name: str, value: str) -> bool:
    """Whether the value is no secret although the variable's name suggests one: a word that everybody has, a count, or a
    path."""
    last = (_words_of(name) or [""])[-1]
    if last in _FILES and value.startswith(("/", "~", ".")):
        return True
    return value.lower() in _COMMON or (last in _COUNTS and value.isdecimal())


def _words_of(name: str) -> list[str]:
    """The words of a name such as GH_PAT, ghPat or gh-pat."""
    return [part.lower() for part in _WORDS.findall(name)]
