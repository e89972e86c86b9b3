"""Each word by which a secret is known, and each by which something that looks like one is none."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from batchdrain.config import secret_names
from batchdrain.config.secret_names import is_common, is_secret_name
from batchdrain.database.url import mask_url

ANYWHERE = [
    "auth",
    "authorization",
    "authorisation",
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
]
PARTS = [
    "cred",
    "creds",
    "csrf",
    "hmac",
    "jwe",
    "jwk",
    "jwks",
    "jwt",
    "mnemonic",
    "nonce",
    "otp",
    "p12",
    "pat",
    "pats",
    "pem",
    "pepper",
    "pfx",
    "pin",
    "private",
    "pw",
    "salt",
    "sas",
    "signature",
    "signing",
    "totp",
    "xsrf",
]
PLACES = ["cidr", "host", "hostname", "hosts", "ip", "ips", "port", "region", "subnet", "zone"]
FILES = ["dir", "directory", "file", "filename", "folder", "home", "path", "root", "sock", "socket"]
COUNTS = [
    "age",
    "count",
    "days",
    "expires",
    "expiry",
    "hours",
    "length",
    "lifetime",
    "limit",
    "max",
    "min",
    "minutes",
    "ms",
    "rounds",
    "seconds",
    "size",
    "timeout",
    "ttl",
    "version",
]
COMMON = [
    "always",
    "approle",
    "basic",
    "bearer",
    "branch",
    "default",
    "desktop",
    "development",
    "digest",
    "disable",
    "disabled",
    "enable",
    "enabled",
    "english",
    "external",
    "false",
    "github",
    "google",
    "hidden",
    "ignore",
    "internal",
    "kerberos",
    "localhost",
    "manual",
    "master",
    "memory",
    "negotiate",
    "nobody",
    "notset",
    "number",
    "oauth2",
    "openid",
    "optional",
    "password",
    "prefer",
    "prefer-source",
    "private",
    "production",
    "public",
    "release",
    "required",
    "sandbox",
    "secret",
    "service",
    "staging",
    "standard",
    "strict",
    "string",
    "system",
    "test",
    "testing",
    "unknown",
    "unset",
    "username",
    "verify-ca",
    "verify-full",
]
HARMLESS = [
    "application_name",
    "autocommit",
    "cache",
    "cached_statements",
    "channel_binding",
    "charset",
    "check_same_thread",
    "client_encoding",
    "collation",
    "connect_timeout",
    "dbname",
    "detect_types",
    "fallback_application_name",
    "gssencmode",
    "host",
    "hostaddr",
    "immutable",
    "isolation_level",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "local_infile",
    "mode",
    "nolock",
    "plugin",
    "port",
    "prepare_threshold",
    "program_name",
    "read_default_file",
    "read_default_group",
    "read_timeout",
    "service",
    "sql_mode",
    "ssl",
    "ssl_ca",
    "ssl_cert",
    "ssl_check_hostname",
    "ssl_verify_cert",
    "ssl_verify_identity",
    "sslcert",
    "sslcrl",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "timeout",
    "unix_socket",
    "uri",
    "use_unicode",
    "user",
    "vfs",
    "write_timeout",
]
MASKED = [
    "password",
    "passwd",
    "sslpassword",
    "sslkey",
    "passfile",
    "ssl_key",
    "ssl_key_password",
    "options",
    "token",
    "key",
    "krbsrvname",
    "nonsense",
]


@pytest.mark.parametrize("word", ANYWHERE)
def test_a_word_tells_of_a_secret_wherever_it_stands_in_a_name(word: str) -> None:
    for name in (f"MY_{word.upper()}", f"{word}OfOurs", f"my-{word}-2"):
        assert is_secret_name(name), name
    assert is_secret_name(f"my{word}s") is (word != "pwd"), "OLDPWD is the folder of before"


@pytest.mark.parametrize("word", PARTS)
def test_a_word_tells_of_a_secret_as_a_whole_part_of_a_name_alone(word: str) -> None:
    for name in (word, f"MY_{word.upper()}", f"{word}_OF_DB"):
        assert is_secret_name(name), name
    assert not is_secret_name(f"my{word}x")


@pytest.mark.parametrize("word", PLACES)
def test_a_name_that_ends_with_a_place_is_that_of_a_place(word: str) -> None:
    assert not is_secret_name(f"SECRET_{word.upper()}")
    assert is_secret_name(f"{word.upper()}_SECRET")


@pytest.mark.parametrize("word", FILES)
def test_the_value_of_a_name_that_ends_with_a_file_is_a_path_if_it_looks_like_one(word: str) -> None:
    name = f"SECRET_{word.upper()}"
    assert [is_common(name, value) for value in ("/a", "~/a", "./a", "a/b")] == [True, True, True, False]


@pytest.mark.parametrize("word", COUNTS)
def test_the_value_of_a_name_that_ends_with_a_count_is_one_if_it_is_a_number(word: str) -> None:
    assert [is_common(f"TOKEN_{word.upper()}", value) for value in ("3600", "36a")] == [True, False]


@pytest.mark.parametrize("word", COMMON)
def test_a_word_that_everybody_has_is_no_secret(word: str) -> None:
    assert [is_common("A_TOKEN", value) for value in (word, word.upper(), f"{word}x")] == [True, True, False]


def test_of_a_url_what_drivers_know_to_be_no_secret_is_shown_and_all_else_is_masked() -> None:
    for name in HARMLESS:
        assert mask_url(make_url(f"postgresql://u@h/d?{name}=hunter2")) == f"postgresql://u@h/d?{name}=hunter2"
        assert "hunter2" in mask_url(make_url(f"postgresql://u@h/d?{name.upper()}=hunter2"))
    for name in MASKED:
        assert mask_url(make_url(f"postgresql://u@h/d?{name}=hunter2")) == f"postgresql://u@h/d?{name}=***"


def test_no_other_word_is_listed() -> None:
    """A word that is added shows or hides something: it is said here too."""
    listed = (secret_names.PARTS, secret_names._PLACES, secret_names._FILES, secret_names._COUNTS, secret_names._COMMON)
    assert list(map(set, (PARTS, PLACES, FILES, COUNTS, COMMON, HARMLESS))) == [
        *map(set, listed),
        set(secret_names.SHOWN_IN_URLS),
    ]
