"""Secrets in every form that programs write them in, and in variables of every usual name."""

from __future__ import annotations

import base64
import html
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from time import process_time
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from batchdrain.config.redaction import redactor_of
from batchdrain.config.secret_names import is_common
from batchdrain.database.url import mask_url
from tests.chaos.faults import fault
from tests.config.test_secrets import SECRET, assert_nowhere, looks, say
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql")

NASTY = "Tr/4+u&b<a>d'o\"r %2B\\n=\u00fc\u20ac!"
"""Something of everything that one form or another escapes."""


def core(secret: str, before: int) -> str:
    """What of the base64 of `before` bytes and the secret is the secret's alone."""
    raw = secret.encode()
    text = base64.b64encode(b"x" * before + raw).decode()
    return text[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]


def lower(text: str) -> str:
    """With the hex of its escapes in lower case."""
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "itself": lambda s: s,
    "quote": quote,
    "quote all": lambda s: quote(s, safe=""),
    "quote_plus": quote_plus,
    "lower case": lambda s: lower(quote(s, safe="")),
    "json": lambda s: json.dumps(s)[1:-1],
    "json, not ascii": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json of javascript": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "json in json": lambda s: json.dumps(json.dumps(s))[3:-3],
    "json in json, not ascii": lambda s: json.dumps(json.dumps(s, ensure_ascii=False), ensure_ascii=False)[3:-3],
    "json in json in json": lambda s: json.dumps(json.dumps(json.dumps(s)))[7:-7],
    "repr of json": lambda s: repr(json.dumps(s))[2:-2],
    "repr": lambda s: repr(s)[1:-1],
    "ascii": lambda s: ascii(s)[1:-1],
    "repr of bytes": lambda s: repr(s.encode())[2:-1],
    "html": html.escape,
    "html, decimal": lambda s: html.escape(s).replace("&#x27;", "&#39;"),
    "xml": lambda s: s.encode("ascii", "xmlcharrefreplace").decode(),
    "shlex": lambda s: shlex.quote(s).removeprefix("'").removesuffix("'"),
    **{f"base64, {before} before": lambda s, before=before: core(s, before) for before in range(3)},  # type: ignore[misc]
    "base64 for urls": lambda s: core(s, 0).replace("+", "-").replace("/", "_"),
    "base64, quoted": lambda s: quote(core(s, 0), safe=""),
    "base64, in json": lambda s: core(s, 0).replace("/", "\\/"),
}


@fault(83)
@example(secret="00000'")
@example(secret="00000\\")
@pytest.mark.parametrize("form", FORMS)
@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40).filter(
        lambda s: s.strip() == s and not is_common("SERVICE_TOKEN", s)
    )
)
def test_a_secret_is_taken_out_in_each_form(form: str, secret: str) -> None:
    shown = FORMS[form](secret)
    redact = redactor_of({"SERVICE_TOKEN": secret}, make_url("sqlite:///x"))
    assert redact(f"[{shown}]") == "[***]"


@fault(83)
def test_no_form_of_a_secret_reaches_an_output_a_session_the_events_or_the_table(project: Workplace) -> None:
    forms = {name: make(NASTY) for name, make in FORMS.items()}
    basic = base64.b64encode(f"somebody:{NASTY}".encode()).decode()
    code = "name = os.environ['BATCHDRAIN_PHASE_ID']; print('refused:', json.loads(word)[name], 'was', file=sys.stderr)"
    say(project, code)
    project.configure(stop={"same_new_failure": 0})
    (project.root / "word").write_text(json.dumps({**forms, "basic": f"Basic {basic}"}))
    project.fail(*(f"r/{name}" for name in (*forms, "basic")))
    env = {"SERVICE_TOKEN": NASTY}
    ran = project.inv("drain", "--batch-size=100", "--max-repeats=0", env=env)
    said = [ran, *looks(project, env), project.inv("summary", "--format=markdown", env=env)]
    reasons = {name: reason for name, (_, reason) in project.phases().items()}
    assert len(reasons) == len(forms) + 1
    assert all("refused: " in (reason or "") and "***" in (reason or "") for reason in reasons.values()), reasons
    rows = json.dumps([project.sql("SELECT * FROM phases"), project.sql("SELECT reason, fingerprint FROM batchdrain_attempt")],
                      ensure_ascii=False)  # fmt: skip
    for form in (*forms.values(), basic):
        assert form not in rows
    assert_nowhere(project, said, *forms.values(), basic)


@fault(83)
@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, SECRET) for name in (
            "DB_CREDS", "GH_PAT", "JWT", "SESSION_COOKIE", "SSH_PRIVATE_BLOB", "SIGNING_BLOB", "SLACK_WEBHOOK", "BATCHDRAIN_X_TOKEN",
            "BATCHDRAIN_PASSWORD", "PROXY_AUTHORIZATION", "dbCreds", "githubPat", "TLS_PFX", "STRIPE_BEARER", "APP_PEPPER",
            "API_KEY_VERSION", "TOKEN_FILE",  # whose value is no number and no path
        )),
        ("DB_CREDS", f"somebody:{SECRET}"),
        ("HTTP_AUTH", f"Bearer {SECRET}"),
        ("SESSION_COOKIE", f"sid={SECRET}; path=/"),
        ("GOOGLE_CREDENTIALS", json.dumps({"type": "account", "inner": [{"private_key": SECRET}]})),
        ("SLACK_WEBHOOK_URL", f"https://hooks.example/services/{SECRET}/x"),
        ("AZURE", f"AccountName=a;AccountKey={SECRET};EndpointSuffix=x"),
    ],
)  # fmt: skip
def test_the_value_of_a_variable_that_is_named_as_a_secret_is_taken_out(name: str, value: str) -> None:
    shown = f"/services/{SECRET}/x" if name == "SLACK_WEBHOOK_URL" else SECRET
    assert redactor_of({name: value}, make_url("sqlite:///x"))(f"it said {shown}!") == "it said ***!"


@fault(83)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/local/bin:/usr/bin"), ("USER", "somebody"), ("HOME", "/home/somebody"), ("PATTERN", "production-*"),
        ("SHIPPING", "overnight"), ("GIT_AUTHOR_NAME", "Somebody"), ("TOKEN_ENABLED", "true"), ("AUTH_MODE", "required"),
        ("COOKIE_SECURE", "enabled"), ("TOKEN_TYPE", "Bearer"), ("PASSWORD_MAX_LENGTH", "128000"), ("KEY_FILE", "/etc/ssl/x.key"),
        ("PASSWORD_STORE_DIR", "/home/somebody"), ("SSH_AUTH_SOCK", "/tmp/agent.17"), ("PRIVATE_IP", "10.0.0.17"), ("PIN", "1234"),
        ("BATCHDRAIN_TOKEN", "0123.4567.1"), ("XDG_SESSION_ID", "c17-session"),
    ],
)  # fmt: skip
def test_what_everybody_may_see_is_left_in_every_text(name: str, value: str) -> None:
    text = f"it said {value}, and true, required, production"
    assert redactor_of({name: value}, make_url("sqlite:///x"))(text) == text


@fault(83)
def test_what_no_driver_knows_in_a_url_is_masked() -> None:
    url = make_url(
        f"postgresql://u:{SECRET}1@h/db?sslmode=require&apitoken={SECRET}2&frobnicate={SECRET}3&options=-c%20x.y%3D{SECRET}4"
    )
    assert SECRET not in mask_url(url)
    assert "sslmode=require" in mask_url(url)
    redact = redactor_of({}, url)
    assert SECRET not in redact(f"could not connect: {SECRET}1, {SECRET}2, {SECRET}3, -c x.y={SECRET}4")
    assert redact("sslmode=require was refused") == "sslmode=require was refused"


@fault(83)
@pytest.mark.everyday("sqlite")
def test_an_unknown_part_of_the_url_is_shown_nowhere(sqlite_project: Workplace) -> None:
    sqlite_project.configure(database_url=f"postgresql://u@127.0.0.1:1/db?frobnicate={SECRET}", patience={"outage_s": 0})
    for task in ("doctor", "drain", "summary", "list-run-counts"):
        ran = sqlite_project.inv(task, env={"PYTHON_EXE": sys.executable})
        assert SECRET not in ran.out + ran.err, task


@fault(83)
@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("quote_sign", ["", '"', "'"])
@pytest.mark.parametrize("end", ["\\n", "\\\\n", "\\r\\n", "\n"])
@pytest.mark.parametrize("name", ["FIREBASE_PRIVATE_KEY", "SIGNING_PEM"])
def test_a_key_with_its_ends_of_lines_written_out_is_taken_out_line_by_line(name: str, end: str, quote_sign: str) -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkq", "QUJDREVGR0hJSktM", "-----END PRIVATE KEY-----"]
    redact = redactor_of({name: f"{quote_sign}{end.join(lines)}{end}{quote_sign}"}, make_url("sqlite:///x"))
    assert [redact(f"it said {line}!") for line in lines] == ["it said ***!"] * 4
    assert "MIIE" not in redact("|".join(lines))


@fault(83)
@pytest.mark.everyday("sqlite")
def test_a_value_of_backslashes_alone_is_read_quickly() -> None:
    redact = redactor_of({"SERVICE_TOKEN": "\\" * 100_000}, make_url("sqlite:///x"))
    began = process_time()
    assert redact("nothing") == "nothing"
    assert process_time() - began < 1  # of CPU; no pattern is made for a text that is shorter than the secret
    escaped = {"\\" * 100_000, "\\x5c" * 100_000, "%5C" * 100_000, "&#92;" * 100_000}
    assert {redact(f"it said {form}.") for form in escaped} == {"it said ***."}
