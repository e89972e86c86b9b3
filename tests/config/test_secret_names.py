"""Which variables hold a secret by their names, and which values of them are none all the same."""

from __future__ import annotations

import pytest

from batchdrain.config.secret_names import SHOWN_IN_URLS, is_common, is_secret_name

SECRET = [
    "API_KEY",
    "apiKey",
    "api-key",
    "APIKEY",
    "MY_TOKEN",
    "HOOK_TOKEN2",
    "DB_PASSWORD",
    "PGPASS",
    "USER_PWD",
    "PWD_OF_DB",
    "db-pwd",
    "dbPwd",
    "pwd",
    "AWS_SECRET_ACCESS_KEY",
    "SENTRY_DSN",
    "SLACK_WEBHOOK",
    "GH_PAT",
    "ghPat",
    "gh-pat",
    "PIN",
    "CARD_PIN",
    "JWT_SIGNING",
    "OTP",
    "AUTHORIZATION",
    "AUTHORISATION",
    "HTTP_AUTH",
    "COOKIE",
    "BEARER",
    "CREDENTIALS",
    "AWS_CREDS",
    "SALT",
    "PRIVATE_PEM",
    "TOTP_SEED",
    "SAS_URL",
    "KEY_FILE",
    "TOKEN_TTL",
]
OPEN = [
    "PATH",
    "PATTERN",
    "PING",
    "PINNED",
    "HOME",
    "PWD",
    "OLDPWD",
    "GIT_AUTHOR_NAME",
    "USER",
    "LANG",
    "SPIN",
    "COMPAT",
    "PRIVATE_IP",
    "TOKEN_HOST",
    "SECRET_PORT",
    "KEY_REGION",
    "PASSWORD_HOSTNAME",
    "AUTH_ZONE",
    "PRIVATE_SUBNET",
    "TOKEN_HOSTS",
    "SECRET_CIDR",
    "PRIVATE_IPS",
    "_",
    "7",
]


@pytest.mark.parametrize("name", SECRET)
def test_a_name_tells_of_a_secret_by_a_word_in_it_however_it_is_written(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OPEN)
def test_a_name_that_only_looks_so_or_that_ends_with_a_place_tells_of_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "common"),
    [
        ("A_TOKEN", "hunter2", False), ("A_TOKEN", "password", True), ("A_TOKEN", "Bearer", True), ("A_TOKEN", "Enabled", True),
        ("A_TOKEN", "12345678", False), ("TOKEN_TTL", "3600", True), ("TOKEN_TTL", "3600s", False), ("TTL_TOKEN", "3600", False),
        ("PASSWORD_FILE", "/run/secrets/x", True), ("PASSWORD_FILE", "~/x", True), ("PASSWORD_FILE", "./x", True),
        ("PASSWORD_FILE", "hunter2", False), ("FILE_PASSWORD", "/run/secrets/x", False), ("SECRET_DIR", "/x", True), ("", "hunter2", False),
        ("", "/x", False),
    ],
)  # fmt: skip
def test_a_word_that_everybody_has_a_count_and_a_path_are_none(name: str, value: str, common: bool) -> None:
    assert is_common(name, value) is common


def test_what_is_shown_of_a_url_is_written_as_it_is_compared_and_names_no_secret() -> None:
    assert {name.lower() for name in SHOWN_IN_URLS} == SHOWN_IN_URLS
    assert {name for name in SHOWN_IN_URLS if is_secret_name(name)} <= {"sslcert", "sslkey", "ssl_key", "passfile"}
