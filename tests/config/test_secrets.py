"""Secrets that a command prints, or that stand in the table already: nothing of them is shown or kept."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from tests.cli.telling import told
from tests.support.soaking import soak
from tests.support.workplace import Ran, Workplace

pytestmark = pytest.mark.everyday("sqlite")

SECRET = "quetzalword"  # letters alone: a fingerprint keeps them


def say(place: Workplace, code: str) -> None:
    """Make the command a program that fails after `code`. It finds the words to say in a file, as nobody's settings hold them."""
    code = f"import json, os, sys; word = open('word').read(); {code}; sys.exit(1)"
    place.configure(command={"argv": [sys.executable, "-c", code.replace("{", "{{").replace("}", "}}")]})
    (place.root / "word").write_text(SECRET)


def assert_nowhere(place: Workplace, said: list[Ran], *parts: str) -> None:
    """No part is on a screen or in a file, but in the command's own log."""
    (place.root / "word").unlink(missing_ok=True)
    for path in (path for path in place.root.parent.rglob("*") if path.is_file() and "logs" not in path.parts):
        assert not any(part.encode() in path.read_bytes() for part in parts), path
    for ran in said:
        assert not any(part in ran.out + ran.err for part in parts), ran


def looks(place: Workplace, env: dict[str, str]) -> list[Ran]:
    return [place.inv(*argv, env=env) for argv in (["summary"], ["summary", "--format=json"], ["sessions"], ["clusters"])]


def test_a_secret_in_a_metrics_name_is_shown_nowhere(sqlite_project: Workplace) -> None:
    say(
        sqlite_project, "open(os.environ['BATCHDRAIN_RESULT_FILE'], 'w').write(json.dumps({'metrics': {f'calls {word}': 3}}))"
    )
    sqlite_project.fail("r/a")
    env = {"SERVICE_TOKEN": SECRET}
    ran = sqlite_project.inv("drain", env=env)
    assert sqlite_project.session()["metrics"] == {"calls ***": 3}
    assert_nowhere(sqlite_project, [ran, *looks(sqlite_project, env)], SECRET)


@pytest.mark.parametrize(
    "code",
    [
        "print('x' * 495 + word, file=sys.stderr)",
        "print('first', 'y ' * 40 + word + ' ' + 'x ' * 32760 + 'last word', file=sys.stderr)",
        "print('y' * 40 + word + '\\n' + 'last line, ' + 'z' * (65536 - 18), file=sys.stderr)",
        "open(os.environ['BATCHDRAIN_RESULT_FILE'], 'w').write(json.dumps({'reason': 'x' * 15995 + word}))",
    ],
    ids=[
        "the 500 characters of a line",
        "the tail of an output, in a line",
        "the tail of an output",
        "the 16000 characters of a reason",
    ],
)
def test_a_secret_that_a_cut_goes_through_leaves_no_part(sqlite_project: Workplace, code: str) -> None:
    say(sqlite_project, code)
    sqlite_project.fail("r/a")
    env = {"SERVICE_TOKEN": SECRET}
    ran = sqlite_project.inv("drain", env=env)
    reason = sqlite_project.phases()["r/a"][1] or ""
    assert "printed nothing" not in reason
    assert_nowhere(sqlite_project, [ran, *looks(sqlite_project, env)], SECRET[:5], SECRET[5:])


def test_a_secret_in_an_old_failure_text_stays_where_it_stood(project: Workplace) -> None:
    """The table's own text is the user's; plan, clusters, ledger and session are ours."""
    project.fail("r/a~alike", reason=f"LoginError: {SECRET.upper()} was refused by {SECRET.upper()}")
    env = {"SERVICE_TOKEN": SECRET.upper()}
    said = [
        project.inv("dry-run", "--output=plan.json", env=env),
        project.inv("dry-run", "--explain", env=env),
        project.inv("clusters", "--format=json", env=env),
        project.inv("clusters", env=env),
    ]
    drained = project.inv("drain", "--plan=plan.json", env=env)
    assert drained.code == 1, drained.err
    said += [drained, project.inv("summary", "--format=json", env=env)]
    cluster = json.loads(said[2].out)["clusters"][0]
    assert SECRET.upper() not in json.dumps(cluster)
    assert project.sql("SELECT from_fingerprint FROM batchdrain_attempt") == [("loginerror * was refused by *",)]
    for ran in said:
        assert SECRET not in (ran.out + ran.err).lower()
    for path in (path for path in project.root.rglob("*") if path.is_file() and path.suffix in {".json", ".jsonl"}):
        assert SECRET not in path.read_text().lower(), path


def test_a_plan_and_an_acceptance_still_know_a_failure_that_held_a_secret(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b", reason=f"LoginError: {SECRET} was refused")
    env = {"SERVICE_TOKEN": SECRET}
    cluster = json.loads(sqlite_project.inv("clusters", "--format=json", env=env).out)["clusters"][0]["cluster"]
    assert "(2 failed phases now)" in sqlite_project.inv("accept", f"--cluster={cluster}", "--reason=known", env=env).out
    assert "2 by accepted: known" in sqlite_project.inv("dry-run", env=env).out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgresql://u:{SECRET}@h/db"),
        pytest.param("REDIS_URL", f"redis://:{SECRET}@h", marks=soak),
        ("BROKERS", f"amqp://a:b@h1,amqp://a:{SECRET}@h2/x"),
        ("DB_PWD", SECRET),
        pytest.param("HTTP_AUTH", SECRET, marks=soak),
        pytest.param("SENTRY_DSN", SECRET, marks=soak),
        pytest.param("AWS_CREDENTIALS", SECRET, marks=soak),
        ("LIBPQ", f"host=h user=u password={SECRET} dbname=d"),
        ("SIGNING_KEY", f"-----BEGIN KEY-----\n{SECRET}\n-----END KEY-----\n"),
    ],
)
def test_the_environment_is_asked_for_every_secret_that_it_holds(sqlite_project: Workplace, name: str, value: str) -> None:
    say(sqlite_project, "print('refused:', word, file=sys.stderr)")
    sqlite_project.fail("r/a")
    env = {name: value}
    ran = sqlite_project.inv("drain", env=env)
    assert (sqlite_project.phases()["r/a"][1] or "").startswith("refused: ***")
    assert_nowhere(
        sqlite_project, [ran, *looks(sqlite_project, env)], SECRET, base64.b64encode(SECRET.encode()).decode().rstrip("=")
    )


def test_the_folder_and_the_author_are_no_secrets(sqlite_project: Workplace) -> None:
    say(sqlite_project, "print('working in', os.environ['PWD'], 'for', os.environ['GIT_AUTHOR_NAME'], file=sys.stderr)")
    sqlite_project.fail("r/a")
    sqlite_project.inv("drain", env={"PWD": "/somewhere/else", "OLDPWD": "/somewhere", "GIT_AUTHOR_NAME": "Somebody"})
    assert (sqlite_project.phases()["r/a"][1] or "").startswith("working in /somewhere/else for Somebody")


def test_the_password_of_any_url_is_taken_out_of_a_failure_text(sqlite_project: Workplace) -> None:
    say(sqlite_project, "print('fatal: could not read https://bot:short@git.example/x', file=sys.stderr)")
    sqlite_project.fail("r/a")
    sqlite_project.inv("drain")
    assert (sqlite_project.phases()["r/a"][1] or "").startswith("fatal: could not read https://bot:***@git.example/x")


@pytest.mark.parametrize("tail", ["S3CRETPART@127.0.0.1/db", "S3CRET/PART@127.0.0.1/db"])
def test_a_password_with_an_at_sign_is_refused_and_not_shown(sqlite_project: Workplace, tail: str) -> None:
    sqlite_project.configure(database_url=f"postgresql://u:hunter2@{tail}")
    for task in ("drain", "dry-run", "summary"):
        ran = sqlite_project.inv(task)
        if task != "summary":
            told(ran, 78, "database_url: ", "%40")
        assert "S3CRET" not in ran.out + ran.err
    assert "S3CRET" not in sqlite_project.inv("doctor").out


def test_the_tail_of_one_unbroken_line_says_that_there_was_an_output(sqlite_project: Workplace, tmp_path: Path) -> None:
    say(sqlite_project, "print('x' * 80_000 + word, file=sys.stderr)")
    sqlite_project.fail("r/a")
    sqlite_project.inv("drain", env={"SERVICE_TOKEN": SECRET})
    assert (sqlite_project.phases()["r/a"][1] or "").startswith("one unbroken word of more than 65536 bytes [exit 1]")
