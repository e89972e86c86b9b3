"""The order for a claim: what is in argv, environment and files; and what of a command is refused before any claim."""

from __future__ import annotations

import errno
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batchdrain.config.column_settings import Columns
from batchdrain.config.settings import Command, Settings, Source, Triage
from batchdrain.execution.command import (
    OF_DIAGNOSES,
    PLACEHOLDERS,
    SessionPlace,
    command_problems_of,
    diagnosis_problems_of,
    find_program,
    make_diagnosis_order,
    make_order,
    problems_of,
)
from batchdrain.execution.file_names import LogFolder
from batchdrain.execution.order import CONFIG_ERRNOS, TOKEN, Order
from batchdrain.execution.placeholders import find_placeholders
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock

PHASE = Phase(run_id="r", phase_id="p", phase_index=None, state=PhaseState.FAILED)
CLAIM = Claim(phase=PHASE, epoch=4, attempt=2, prior_state="FAILED", prior_reason="why", held_state="EXECUTING",
              claimed_at=clock.now(), token="t.4")  # fmt: skip
ARGV = ["~/run", "{run_id}", "{phase_id}", "{phase_index}", "{attempt}", "{epoch}", "{session_id}", "{python}", "~/x{{}}"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionPlace:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr("batchdrain.execution.command.TAKEN", {"INVOKE_BATCHDRAIN_WORKERS": "3"})
    return SessionPlace(session_id="s", root=tmp_path, logs=LogFolder(tmp_path / "logs"), spool=tmp_path / "spool")


def test_an_order_is_made_of_the_claim_the_command_and_the_place(place: SessionPlace) -> None:
    command = Command(argv=ARGV, cwd="sub", grace_s=7, log_max_mb=2.5, env_deny=["SECRET"])
    stem = f"{place.root}/logs/r/p.2"
    expected = Order(
        token="t.4",
        argv=("/home/me/run", "r", "p", "", "2", "4", "s", sys.executable, "~/x{}"),
        env={
            "INVOKE_BATCHDRAIN_WORKERS": "3", "BATCHDRAIN_RUN_ID": "r", "BATCHDRAIN_PHASE_ID": "p", "BATCHDRAIN_PHASE_INDEX": "",
            "BATCHDRAIN_ATTEMPT": "2", "BATCHDRAIN_EPOCH": "4", "BATCHDRAIN_SESSION_ID": "s", "BATCHDRAIN_FAILURE_REASON": "why",
            "BATCHDRAIN_RESULT_FILE": f"{stem}.result.json", TOKEN: "t.4",
        },
        without=frozenset({"SECRET", "DATABASE_URL", "INVOKE_BATCHDRAIN_DATABASE_URL"}),
        cwd=f"{place.root}/sub", stdout_path=f"{stem}.stdout.txt", stderr_path=f"{stem}.stderr.txt", result_path=f"{stem}.result.json",
        timeout_s=9.0, grace_s=7.0, spool_dir=f"{place.root}/spool", deadline_ms=5, log_max_bytes=2_500_000, limit_rule="rule",
    )  # fmt: skip
    limit = TimeLimit(seconds=9.0, rule="rule")
    assert make_order(CLAIM, command, place, limit=limit, deadline_ms=5) == expected
    indexed = replace(CLAIM, phase=replace(PHASE, phase_index=0), prior_reason=None)
    made = make_order(indexed, command, replace(place, spool=None), limit=limit, deadline_ms=None)
    assert (made.env["BATCHDRAIN_PHASE_INDEX"], made.env["BATCHDRAIN_FAILURE_REASON"], made.argv[3]) == ("0", "", "0")
    assert (made.spool_dir, made.deadline_ms) == ("", None)
    precise = make_order(CLAIM, Command(argv=["x"], log_max_mb=2.5000004), place, limit=limit, deadline_ms=None)
    assert (precise.log_max_bytes, type(precise.log_max_bytes)) == (2_500_000, int)


def test_a_name_that_an_attempt_had_before_gets_the_epoch(place: SessionPlace) -> None:
    """Of two executions with the same attempt the first one was given back."""
    (place.logs.path / "r").mkdir(parents=True)
    (place.logs.path / "r" / "p.2.stdout.txt").touch()
    order = make_order(CLAIM, Command(argv=["x"]), place, limit=TimeLimit(seconds=1.0, rule="r"), deadline_ms=None)
    assert Path(order.stderr_path).name == "p.2-4.stderr.txt"


def test_elsewhere_the_interpreter_is_that_of_the_machine_on_which_a_command_is_executed(place: SessionPlace) -> None:
    command, limit = Command(argv=["{python}", "{phase_id}"]), TimeLimit(seconds=1.0, rule="r")
    there = [make_order(CLAIM, command, replace(place, is_here=False), limit=limit, deadline_ms=None) for _ in range(2)]
    assert [order.argv for order in there] == [(order.python, "p") for order in there]
    assert all(order.python.startswith("python-") for order in there)
    assert there[0].python != there[1].python, "no id can be the same"


def test_a_diagnosis_has_neither_attempt_nor_epoch_and_a_time_limit_of_its_own(place: SessionPlace) -> None:
    settings = Settings(command=Command(argv=["x"]), triage=Triage(argv=["look", "{phase_id}"], timeout_s=3))
    order = make_diagnosis_order(PHASE, "the whole text", settings, place)
    assert (order.argv, order.timeout_s, order.limit_rule) == (("look", "p"), 3.0, "triage.timeout_s")
    assert (order.env["BATCHDRAIN_TRIAGE"], order.env["BATCHDRAIN_FAILURE_REASON"]) == ("1", "the whole text")
    assert {"BATCHDRAIN_ATTEMPT", "BATCHDRAIN_EPOCH"} <= order.without - order.env.keys()
    assert (order.spool_dir, order.token.startswith("triage-"), order.deadline_ms) == ("", True, None)
    Path(order.stdout_path).parent.mkdir(parents=True)
    Path(order.stdout_path).touch()
    again = make_diagnosis_order(PHASE, "", settings, place)
    assert Path(again.stdout_path).name == f"p-{again.token[-12:]}.stdout.txt"
    given = make_diagnosis_order(PHASE, "", settings, place, {"tenant": "acme", "note": None})
    assert given.env["BATCHDRAIN_COLUMN_TENANT"] == "acme"
    assert "BATCHDRAIN_COLUMN_NOTE" in given.without
    with pytest.raises(ValueError, match=r"\Aan id with a NUL character cannot be passed as an argument\Z"):
        make_diagnosis_order(replace(PHASE, phase_id="a\x00"), "", settings, place)


EXAMPLE = "[{python}, -m, myproject.work, --run-id={run_id}, --phase-id={phase_id}]"


@pytest.mark.parametrize(
    ("argv", "cwd", "problem"),
    [
        (["{python}", "-m", "x", "{run_id}"], "", None),
        (["./tool"], "", None),
        (["sub-{run_id}"], "", None),
        (["sh", "{{}}"], "", None),
        ([], "", f"batchdrain.command.argv: is empty; name your command, e.g. {EXAMPLE}"),
        (["sh", "{"], "", "batchdrain.command.argv.1: a single '{' in '{'; double it, or name a placeholder"),
        (["sh", "a}"], "", "batchdrain.command.argv.1: a single '}'"),
        (["sh", "{run}"], "", "batchdrain.command.argv.1: {run} is no placeholder (known: run_id, "),
        (["sh", "myproject.work"], "", "batchdrain.command.argv.1: myproject.work is the example of `inv init`"),
        (["sh"], "absent", "batchdrain.command.cwd: "),
        (["./plain"], "", "batchdrain.command.argv.0: './plain' is no program"),
        (["./absent"], "", "batchdrain.command.argv.0: './absent' is no program"),
        (["./folder"], "", "batchdrain.command.argv.0: './folder' is no program"),
        (["no-such-program-anywhere"], "", "batchdrain.command.argv.0: 'no-such-program-anywhere' is no program"),
        (["~nobody-here/x"], "", "batchdrain.command.argv.0: '~nobody-here/x': there is no home folder"),
    ],
    ids=str,
)
def test_a_command_that_can_not_be_executed_whatever_the_phase_is_told(
    tmp_path: Path, argv: list[str], cwd: str, problem: str | None
) -> None:
    (tmp_path / "tool").touch(0o755)
    (tmp_path / "plain").touch(0o644)
    (tmp_path / "folder").mkdir()
    found = problems_of(Command(argv=argv, cwd=cwd), tmp_path)
    assert len(found) == (problem is not None)
    assert problem is None or found[0].startswith(problem)


def test_a_folder_that_is_none_is_told_with_its_path_and_what_is_wrong_besides(tmp_path: Path) -> None:
    command = Command(argv=["sh", "{x}"], cwd="absent")
    assert [line.partition(" is no ")[::2] for line in problems_of(command, tmp_path)] == [
        ("batchdrain.command.argv.1: {x}", "placeholder (known: " + ", ".join(PLACEHOLDERS) + "); double the braces that are your own"),
        (f"batchdrain.command.cwd: {tmp_path}/absent", "folder; name one"),
    ]  # fmt: skip
    clashing = problems_of(Command(argv=["sh"]), tmp_path, columns=["a b", "a_b"])
    assert [line.partition(":")[0] for line in clashing] == ["batchdrain.command.columns"]


def test_the_command_and_the_diagnosis_are_each_judged_by_their_own_setting_and_placeholders(tmp_path: Path) -> None:
    items = ["{column:pos}", "{column:other}", "{column:feed}", "{attempt}"]
    settings = Settings(
        source=Source(columns=Columns(run_id="feed")),
        command=Command(argv=["sh", *items], columns=["pos"]),
        triage=Triage(argv=["true", *items]),
    )
    other = "{column:other}: name 'other' in batchdrain.command.columns"
    feed = "{column:feed}: write {run_id}, which column 'feed' is, or name it in batchdrain.command.columns"
    known = ", ".join((*OF_DIAGNOSES, "column:pos"))
    attempt = f"{{attempt}} is no placeholder (known: {known}); double the braces that are your own"
    assert command_problems_of(settings, tmp_path) == [
        f"batchdrain.command.argv.{position}: {problem}" for position, problem in ((2, other), (3, feed))
    ]
    assert diagnosis_problems_of(settings, tmp_path) == [
        f"batchdrain.triage.argv.{position}: {problem}" for position, problem in ((2, other), (3, feed), (4, attempt))
    ]


def test_the_module_of_the_examples_is_taken_where_somebody_has_made_it(tmp_path: Path) -> None:
    (tmp_path / "myproject").mkdir()
    assert problems_of(Command(argv=["sh", "myproject.work", "myproject.diagnose"]), tmp_path) == []
    (tmp_path / "myproject").rmdir()
    told = problems_of(Command(argv=["sh", "myproject.work", "myproject.diagnose", "myproject.other"]), tmp_path)
    assert [line.partition(" is the example")[0] for line in told] == [
        "batchdrain.command.argv.1: myproject.work",
        "batchdrain.command.argv.2: myproject.diagnose",
    ]
    known = ["{run_id}", "{phase_id}", "{phase_index}", "{session_id}", "{python}"]
    assert problems_of(Command(argv=["sh", *known]), tmp_path, known=OF_DIAGNOSES) == []
    assert problems_of(Command(argv=["sh", *known, "{attempt}", "{epoch}"]), tmp_path) == []
    told = problems_of(Command(argv=["sh", "{attempt}"]), tmp_path, setting="triage.argv", known=OF_DIAGNOSES)
    assert [line.partition(" is")[0] for line in told] == ["batchdrain.triage.argv.1: {attempt}"]


def test_a_program_is_found_where_it_will_be_executed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "tool").touch(0o755)
    found = {
        name: find_program(Command(argv=[name], cwd="sub"), tmp_path) for name in ("./tool", "tool", "{python}", "{run_id}")
    }
    assert found == {
        "./tool": str(tmp_path / "sub" / "tool"),
        "tool": None,
        "{python}": sys.executable,
        "{run_id}": "{run_id}",
    }


def test_placeholders_are_counted_and_doubled_braces_are_none() -> None:
    assert [
        find_placeholders("{run_id}{{run_id}}{run_id}{phase_id}").count(name) for name in ("run_id", "phase_id", "epoch")
    ] == [
        2,
        1,
        0,
    ]


def test_a_program_that_no_phase_can_execute_is_a_fault_of_the_configuration() -> None:
    assert sorted(errno.errorcode[number] for number in CONFIG_ERRNOS) == [
        "EACCES", "EISDIR", "ELOOP", "ENOENT", "ENOEXEC", "ENOTDIR", "EPERM",
    ]  # fmt: skip
