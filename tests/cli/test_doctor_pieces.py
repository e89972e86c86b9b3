"""Parts of doctor's checks that no whole run of it tells apart: bounds, texts that are measured, and cures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor import category_checks, claim_checks, project_checks
from batchdrain.cli.commands.doctor.category_checks import _join, _lengthen, measure_rules
from batchdrain.cli.commands.doctor.claim_checks import _cure_of_blocked, check_claims, check_ledger_shape
from batchdrain.cli.commands.doctor.project_checks import (
    Finding,
    _check_program,
    check_notify,
    check_policy,
    check_settings_files,
)
from batchdrain.cli.commands.doctor.reason_checks import check_reasons
from batchdrain.config.settings import Settings
from batchdrain.database.phases.relation import Relation
from batchdrain.execution.process_identity import identify_self
from batchdrain.failures.categories import make_own_rule
from batchdrain.model.errors import ConfigError
from tests.cli.called import found_by
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
LONG = 1 << 16


@on(
    ("texts", "joined"),
    [
        ([], ""), (["a", "b"], "a\nb"), (["x" * LONG, "y"], "x" * LONG), (["x" * (LONG - 1), "y", "z"], "x" * (LONG - 1) + "\ny"),
        (["x" * (LONG + 1), "y"], "x" * (LONG + 1)),
    ],
    ids=["none", "few", "one fills it", "two fill it", "one is longer"],
)  # fmt: skip
def test_as_many_texts_are_measured_as_fill_64_kb(texts: list[str], joined: str) -> None:
    assert _join(texts) == joined


@on("text", ["a", "ab", "é—\n", "x" * (LONG + 9), "y" * LONG])
def test_a_text_that_is_measured_has_64_kb(text: str) -> None:
    found = _lengthen(text)
    assert len(found) == LONG
    assert (text.encode() * (LONG // len(text) + 1)).startswith(found)


def test_a_rule_that_takes_just_as_long_as_it_may_is_quick() -> None:
    ticks = iter([0.0, 0.1] * 4)
    [found] = measure_rules([make_own_rule("patch", "just")], ["disk full"], lambda: next(ticks))
    assert (found.check, found.verdict) == ("categories", "ok")


def test_each_text_is_measured_once_and_only_so_many(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_project.fail("r/a", "r/b", reason="one")
    sqlite_project.fail("r/c", reason="two")
    sqlite_project.fail("r/d", reason="")
    with opened(sqlite_project) as project:
        assert category_checks._read_texts(project) == ["one", "two"]
        assert category_checks._TEXTS == 10_000
        monkeypatch.setattr(category_checks, "_TEXTS", 1)
        assert category_checks._read_texts(project) == ["one"]


@on(("count", "rest"), [(10, None), (11, "and 1 more is held"), (12, "and 2 more are held")])
@on("is_ours", [True, False])
def test_ten_claims_are_told_and_the_others_are_counted(
    sqlite_project: Workplace, count: int, rest: str | None, is_ours: bool
) -> None:
    names = [f"r/p{number:02}" for number in range(count)]
    sqlite_project.fail(*names)
    with opened(sqlite_project) as project:
        for name in names:
            hold(project, name, by=identify_self() if is_ours else None)
        if not is_ours:
            sqlite_project.sql("UPDATE batchdrain_claim SET lease_until_ms = 0")
        found = [(one.check, one.verdict, one.message) for one in check_claims(project)]
    assert len(found) == 10 + (rest is not None)
    assert {(check, verdict) for check, verdict, _ in found} == {("claims", "ok" if is_ours else "warn")}
    assert rest is None or found[-1][2] == rest


def test_a_claim_whose_attempt_is_gone_is_a_warning(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    with opened(sqlite_project) as project:
        hold(project, "r/a", by=identify_self(), guard=identify_self())
        assert [one.verdict for one in check_claims(project)] == ["ok"]
        sqlite_project.sql("DELETE FROM batchdrain_attempt")
        assert [one.verdict for one in check_claims(project)] == ["warn"]


@on(
    ("name", "column", "way", "cure"),
    [
        ("batchdrain_claim", "owner", "ALTER x", "restore it, or add it empty: ALTER x"),
        ("batchdrain_claim", "owner", None, "restore it: drains and recovery need it"),
        *((name, column, None, f"restore it; or end all drains, and DROP TABLE {name}: the next drain creates it again, empty")
          for name, column in (("batchdrain_session", "host"), ("batchdrain_group", "group_key"))),
    ],
)  # fmt: skip
def test_a_column_that_was_dropped_has_the_cure_of_its_table(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch, name: str, column: str, way: str | None, cure: str
) -> None:
    monkeypatch.setattr(claim_checks, "find_way_to_add", lambda *_: way)
    with opened(sqlite_project) as project:
        sqlite_project.sql(f"ALTER TABLE {name} RENAME COLUMN {column} TO odd")
        [found] = check_ledger_shape(project)
    assert (found.message, found.cure) == (f"{name} has no column {column}: it was dropped or renamed", cure)


def test_a_phase_that_is_not_given_back_has_the_cure_of_a_table_or_of_a_view() -> None:
    bare = "make sure that the command leaves no phase there"
    found = [_cure_of_blocked(one) for one in (Relation.TABLE, Relation.VIEW)]
    assert found == [bare, f"map the table behind the view, or {bare}"]


@on(
    ("text", "told"),
    [
        ("a: 1\nbatchdrain:\n  workers: 1\n  workers: 2\n", "line 3: the key 'workers' occurs twice"),
        ("batchdrain: {a: {b: 1, b: 2}}\n", "line 1: the key 'b' occurs twice"),
        ("batchdrain: {}\nbatchdrain: {}\n", "line 2: the key 'batchdrain' occurs twice"),
        ("batchdrain:\n  x: 012\n", "line 2: YAML reads 012 as a number (10): quote it"),
        ("batchdrain:\n  x: 1:30\n", "line 2: YAML reads 1:30 as a number (90): quote it"),
        ("batchdrain:\n  x: &a 1\n  y: [" + "*a, " * 100 + "1]\n", None),
        ("batchdrain:\n  x: &a 1\n  y: [" + "*a, " * 101 + "1]\n", "more than 100 aliases"),
        ("batchdrain: {x: 12, y: 0, z: 1_0}\nother: {a: 1, a: 2}\n", None),
        ("- batchdrain\n", None),
    ],
)  # fmt: skip
def test_our_section_is_read_strictly_and_no_other(tmp_path: Any, text: str, told: str | None) -> None:
    path = tmp_path / "invoke.yaml"
    path.write_text(text)
    [found] = check_settings_files([path])
    if told is None:
        assert (found.verdict, found.message) == ("ok", "can be read, no key occurs twice")
    else:
        assert (found.verdict, found.message, found.cure) == ("fail", f"{path}: {told}", "fix the file")


def test_of_json_no_key_occurs_twice_code_is_executed_by_invoke_and_a_large_file_is_not_read(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice, once, code = tmp_path / "invoke.json", tmp_path / "once.json", tmp_path / "invoke.py"
    twice.write_text('{"a": {"b": 1, "c": 2, "b": 3}}')
    once.write_text('{"a": 1, "b": {"a": 1}}')
    code.touch()
    found = [(one.check, one.verdict, one.message) for one in check_settings_files([twice, once, code])]
    assert found == [
        ("invoke.json", "fail", f"{twice}: the key 'b' occurs twice"), ("once.json", "ok", "can be read, no key occurs twice"),
        ("invoke.py", "ok", "is code: Invoke executes it"),
    ]  # fmt: skip
    assert project_checks._YAML_BYTES == 1_000_000
    monkeypatch.setattr(project_checks, "_YAML_BYTES", once.stat().st_size - 1)
    [large] = check_settings_files([once])
    assert (large.verdict, large.message, large.cure) == ("fail", f"{once} is larger than 1 MB", "keep settings only in it")
    monkeypatch.setattr(project_checks, "_YAML_BYTES", once.stat().st_size)
    assert [one.verdict for one in check_settings_files([once])] == ["ok"]


def test_texts_are_sampled_of_the_first_hundred_failed_phases(sqlite_project: Workplace) -> None:
    sqlite_project.add(*(("r", f"{number:03}", 0, "FAILED", " " if number else "x") for number in range(101)))

    [(_, verdict, message, _)] = found_by(check_reasons, sqlite_project)
    assert (verdict, message) == (
        "ok",
        "1 of 100 failed phases that were checked has a text in column 'last_failure_reason', 99 have none",
    )


def told(found: Iterable[Finding]) -> list[tuple[str, str, str, str]]:
    return [(one.check, one.verdict, one.message, one.cure) for one in found]


def test_a_claim_that_is_blocked_fails_with_its_cure_and_what_is_held_elsewhere_is_a_warning(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_project.fail("r/a", "r/b")
    blocked = ConfigError("it is refused", remedy="mend it")
    monkeypatch.setattr(claim_checks, "find_block", lambda *_: blocked)
    monkeypatch.setattr(claim_checks, "find_left_elsewhere", lambda _: ["another table has some"])
    with opened(sqlite_project) as project:
        hold(project, "r/a")
        hold(project, "r/b", by=identify_self(), guard=identify_self())
        first, second, last = told(check_claims(project))
    assert first == ("claims", "fail", "it is refused", "mend it")
    assert (second[:2], second[2].partition(":")[0]) == (("claims", "ok"), "held now"), "nothing of it is due"
    assert last == ("claims", "warn", "another table has some", "")


def test_a_policy_that_is_listed_twice_and_a_program_that_others_may_write_or_find_elsewhere_are_told(tmp_path: Path) -> None:
    settings = Settings.model_validate({"policy": ["smart", "run-order", "smart"]})
    assert told(check_policy(settings)) == [
        ("policy", "ok", "loads", ""),
        ("policy.2", "warn", "'smart' is listed before it already, so this entry has no effect", "remove it"),
    ]
    program = tmp_path / "work"
    program.touch(mode=0o755)
    path = f"is looked for in this shell's PATH: where cron or CI has another one, name {program}"
    for named, lines in (("work", [f"work {path}"]), (str(program), []), ("{python}", [])):
        assert told(_check_program(named, program)) == [("command", "ok", line, "") for line in lines]
    program.chmod(0o777)
    assert told(_check_program(str(program), program)) == [
        (
            "command",
            "warn",
            f"{program}: is executed for each phase, but others may write it",
            f"chmod go-w {program}, and own it",
        )
    ]


def test_a_notify_command_that_can_not_be_executed_now_is_a_warning_and_one_that_never_could_fails(tmp_path: Path) -> None:
    for argv, verdict in ((["/nowhere/mail"], "warn"), (["{python}", "{nope}"], "fail")):
        [found] = told(check_notify(Settings.model_validate({"notify": {"argv": argv}}), tmp_path))
        assert (found[:2], found[3]) == (("notify", verdict), "fix batchdrain.notify")
    assert told(check_notify(Settings(), tmp_path)) == []
