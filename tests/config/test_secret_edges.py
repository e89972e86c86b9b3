"""Secrets at the edges: as short as they may be, one inside the other, and with blanks."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy.engine import make_url

from batchdrain.config.redaction import Redact, redact_all, redactor_of
from batchdrain.config.secret_forms import LEAST_CHARS


def redactor(**environ: str) -> Redact:
    return redactor_of(environ, make_url("sqlite:///x"))


@pytest.mark.parametrize(
    ("first", "second"), [("hunter2", "hunter2-and-more"), ("hunter2", "more-of-hunter2"), ("aaaaaa", "aaaaaaaaaa")]
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_of_two_secrets_of_which_one_is_a_part_of_the_other_nothing_is_left(first: str, second: str, is_turned: bool) -> None:
    """What is taken out first may be the shorter one: then the rest of the longer one would stand there."""
    one, other = (second, first) if is_turned else (first, second)
    redact = redactor(A_TOKEN=one, B_TOKEN=other)
    assert redact(f"it said {second}, then {first}.") == "it said ***, then ***."


@pytest.mark.parametrize("secret", ["abcdef", "x1-y2z", "a b c d e f"])
def test_a_secret_of_the_least_length_is_taken_out(secret: str) -> None:
    short = secret[:LEAST_CHARS]
    assert len(short) == LEAST_CHARS
    assert redactor(SERVICE_TOKEN=short)(f"<{short}>") == "<***>"


def test_a_shorter_word_is_no_secret() -> None:
    assert redactor(SERVICE_TOKEN="abcde")("abcde") == "abcde"


def test_a_secret_whose_base64_is_as_short_as_may_be_is_taken_out_in_each_place() -> None:
    secret = "abcdef"
    for before in range(3):
        encoded = base64.b64encode(b"#" * before + secret.encode() + b"##").decode()
        assert "***" in redactor(SERVICE_TOKEN=secret)(encoded), encoded


@pytest.mark.parametrize("form", [quote_plus, quote, str, lambda secret: secret.replace(" ", "+")])
def test_the_blanks_of_a_secret_may_stand_as_a_form_sends_them(form: object) -> None:
    secret = "correct horse battery"
    shown = form(secret)  # type: ignore[operator]
    assert redactor(SERVICE_TOKEN=secret)(f"q={shown}&x=1") == "q=***&x=1"


def test_a_password_within_what_is_shown_of_a_database_url_is_taken_out() -> None:
    redact = redactor_of({}, make_url("postgresql://host/name?service=http://user:hunter22@proxy"))
    assert redact("proxy refused hunter22 of user") == "proxy refused *** of user"


@pytest.mark.parametrize("secret", ["abcdef", "hunter2-and-more"])
def test_a_text_that_is_nothing_but_a_secret_is_taken_out(secret: str) -> None:
    """As the id of a phase, or what a command prints alone."""
    redact = redactor(SERVICE_TOKEN=secret)
    assert redact(secret) == "***"
    assert [*redact_all(redact, [secret])] == ["***"]


def test_a_text_that_is_nothing_but_a_secret_in_base64_is_taken_out() -> None:
    assert redactor(SERVICE_TOKEN="abcdef")(base64.b64encode(b"abcdef").decode()) == "***"
