"""Where in a variable or a URL a secret stands, and what beside it does not."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.engine import make_url

from batchdrain.config.redaction import redactor_of

SECRET = "Zx9-kwLq"
TEXT = f"it said {SECRET}!"


def said(name: str, value: str, text: str = TEXT) -> str:
    return redactor_of({name: value}, make_url("sqlite:///x"))(text)


@pytest.mark.parametrize(
    "value",
    [
        *(f"Server=h;{key}={SECRET};Port=1" for key in ("password", "PASSWD", "Pwd", "AccountKey", "SharedAccessKey", "sig")),
        f"host=h password='{SECRET}' user=u",
        f'host=h password = "{SECRET}"',
        f"sig={SECRET}&se=2030",
        f"amqp://u:{SECRET}@h/x",
        "amqp://u:Zx9%2DkwLq@h/x",
        f"amqp://:{SECRET}@h:5672",
        f"first://u:other-one@h second://u:{SECRET}@h",
    ],
)  # fmt: skip
def test_a_password_in_a_variable_of_any_name_is_taken_out(value: str) -> None:
    assert said("SOMETHING", value) == "it said ***!"


@pytest.mark.parametrize("value", [f"compass_password: {SECRET}", f"mypwd={SECRET}", f"design={SECRET}", f"u:{SECRET}@h"])
def test_what_only_looks_like_one_is_left(value: str) -> None:
    assert said("SOMETHING", value) == TEXT


@pytest.mark.parametrize(
    ("value", "password"),
    [
        (f"postgresql://u:pa@{SECRET}@h/db", f"pa@{SECRET}"),
        (f"redis://u:{SECRET}/1@h", f"{SECRET}/1"),
        (f"host=h password='{SECRET}; or so' user=u", f"{SECRET}; or so"),
        (f'host=h password="{SECRET} & more" user=u', f"{SECRET} & more"),
    ],
)
def test_a_password_with_signs_that_end_one_is_taken_out_as_drivers_and_as_people_read_it(value: str, password: str) -> None:
    """In a URL up to the first @, and up to the last one; in quotes up to the end of them."""
    assert said("SOMETHING", value, f"it said {password}!") == "it said ***!"


@pytest.mark.parametrize(
    "value",
    [
        *(f"{scheme} {SECRET}" for scheme in ("Basic", "bearer", "DIGEST", "token")),
        f"somebody:{SECRET}",
        f"a=1111111; sid={SECRET}; path=/",
        json.dumps({"a": {"b": [1, {"client_secret": SECRET}]}}),
        " " + json.dumps([{"api_token": SECRET}]),
        json.dumps({"api_token": SECRET, "other": None}),
        f"a%2Fb\n{SECRET}\nlast-line",
        f"'{SECRET}'",
        f'  "{SECRET}"  ',
        SECRET.replace("-", "%2D"),
        f"  {SECRET}  ",
    ],
)
def test_of_a_variable_that_is_named_as_a_secret_the_part_that_is_one_is_taken_out(value: str) -> None:
    assert said("SERVICE_TOKEN", value) == "it said ***!"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (json.dumps({"project_name": "blue-whale", "api_token": SECRET}), "blue-whale"),
        (json.dumps({"api_token": SECRET, "token_type": "Bearer"}), "Bearer"),
        ("https://hooks.example/services/x", "hooks.example"),
        (f"Bearer {SECRET}", "Bearer"),
        (f"{{broken {SECRET}", "broken"),
        ("[" * 100_000, "it said nothing"),
    ],
)
def test_what_stands_beside_the_secret_is_left(value: str, text: str) -> None:
    assert said("SERVICE_TOKEN", value, text) == text


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        *((f"BATCHDRAIN_{name}", True) for name in ("TOKEN", "SESSION_ID", "FAILURE_REASON")),
        *((f"BATCHDRAIN_{name}", False) for name in ("TOKEN_2", "MY_TOKEN", "SECRET")),
        ("INVOKE_BATCHDRAIN_COMMAND_TOKEN", True),
        ("MY_BATCHDRAIN_TOKEN", False),
    ],
)
def test_what_we_hand_to_a_command_is_no_secret_and_everything_else_may_be(name: str, is_ours: bool) -> None:
    assert said(name, SECRET) == (TEXT if is_ours else "it said ***!")


def test_the_url_of_a_drain_in_a_command_of_ours_has_its_password_taken_out() -> None:
    assert said("INVOKE_BATCHDRAIN_DATABASE_URL", f"postgresql://u:{SECRET}@h/d") == "it said ***!"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (f"frobnicate={SECRET}", "***"),
        (f"frobnicate=one-value&frobnicate={SECRET}", "***"),
        (f"Application_Name={SECRET}", SECRET),
        (f"options=-c%20password%3D{SECRET}", "***"),
        (f"application_name=password%3D{SECRET}", "***"),
    ],
)
def test_a_part_of_the_databases_url_is_taken_out_unless_drivers_know_it_to_be_none(query: str, shown: str) -> None:
    redact = redactor_of({}, make_url(f"postgresql://u@h/d?{query}"))
    assert redact(TEXT) == f"it said {shown}!"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://u:abc@h/x", "at https://u:***@h/x"),
        ("at https://:abc@h/x", "at https://:***@h/x"),
        ("at https://u:a@b@h/x", "at https://u:***@h/x"),
        ("at a://u:b@h and c://v:d@i", "at a://u:***@h and c://v:***@i"),
        ("at https://u@h:80/x", "at https://u@h:80/x"),
        ("at https://h:80/x@y", "at https://h:80/x@y"),
        ("u:abc@h", "u:abc@h"),
    ],
)
def test_a_password_that_nobody_told_us_is_taken_out_of_any_url_of_a_text(text: str, shown: str) -> None:
    assert redactor_of({}, make_url("sqlite:///x"))(text) == shown


def test_what_is_named_as_a_secret_in_the_options_of_an_engine_is_taken_out() -> None:
    options = {"address": "tls://h:1", "token": SECRET, "more": {"password": "an0ther-0ne"}}
    redact = redactor_of({}, make_url("sqlite:///x"), options)

    assert redact(f"{TEXT} an0ther-0ne tls://h:1") == "it said ***! *** tls://h:1"
