"""Nothing that stands in a row, or that a command prints, is obeyed by a CI runner or a terminal: in every task and format."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.collection import ns
from tests.chaos.faults import fault
from tests.support.hostile import COMMANDS, UNSEEN, obeyed
from tests.support.workplace import INV, Ran, Workplace

ATTACKS = (*COMMANDS, *UNSEEN)
FEW = (ATTACKS[0], ATTACKS[7], ATTACKS[9], UNSEEN[1], "".join(UNSEEN))
_MORE = ("json", "markdown")
_REPORTS = ("text", "json", "markdown", "html", "junit")
WORK = """
import os, sys
phase = os.environ["BATCHDRAIN_PHASE_ID"]
if phase.endswith("reason"):
    import json
    json.dump({"reason": phase, "metrics": {phase: 1}}, open(os.environ["BATCHDRAIN_RESULT_FILE"], "w"))
print(phase, file=sys.stderr)
sys.exit(int("good" not in phase))
"""
DIAGNOSE = """
import json, os
phase = os.environ["BATCHDRAIN_PHASE_ID"]
json.dump({"verdict": "hopeless", "reason": phase}, open(os.environ["BATCHDRAIN_RESULT_FILE"], "w"))
"""


@pytest.fixture
def attacked(sqlite_project: Workplace) -> Workplace:
    """A backlog of attacks: in both ids, in states and in reasons."""
    place = sqlite_project
    (place.root / "work.py").write_text(WORK)
    (place.root / "diagnose.py").write_text(DIAGNOSE)
    place.configure(
        command={"argv": [sys.executable, "-S", "work.py"]},
        triage={"argv": [sys.executable, "-S", "diagnose.py"]},
        stop={"max_repeats": 0},
        retry={"max_attempts": 1},
    )
    for number, attack in enumerate(ATTACKS):
        place.add(
            (attack, f"{attack}reason", number, "FAILED", attack),
            (attack, f"{attack}good", 100, "FAILED", attack),
            (f"q{attack}", attack, 1, "QUEUED", attack),
            (attack, f"{attack}odd", 1, attack, attack),
        )
    return place


def asked(place: Workplace) -> list[tuple[str, ...]]:
    """Every task, in every format, with flags that bear the attacks too; in an order in which each has something to say."""
    asked: list[tuple[str, ...]] = [("doctor",), ("doctor", "--format=json"), ("dry-run", "--explain", "--batch-size=99")]
    asked += [("dry-run", f"--format={shape}", "--output=plan.json") for shape in ("text", "json")]
    asked += [("pick-next-run",), ("pick-next-run", "--format=json"), ("pick-next-run", "--state=failed")]
    asked += [("list-run-counts", f"--format={shape}") for shape in ("tsv", "json", "text")]
    asked += [("clusters",), ("clusters", "--format=json"), ("clusters", f"--run-id={ATTACKS[0]}")]
    asked += [("--dry", "triage"), ("--dry", "triage", "--format=json")]
    asked += [("triage", "--limit=9"), ("triage", "--anew", "--limit=3", "--format=json")]
    for attack in FEW:
        asked += [("hint", f"--run-id={attack}*", "--priority=1", f"--reason={attack}")]
        asked += [("accept", f"--run-id={attack}", f"--phase-id={attack}none", f"--reason={attack}")]
    asked += [
        ("hint",),
        ("accept",),
        ("hint", "--format=json"),
        ("accept", "--format=json"),
        ("drain", "--batch-size=9"),
        ("drain", "--batch-size=3", "--format=json"),
    ]
    asked += [("drain", "--batch-size=3", "--format=markdown"), ("drain", "--plan=plan.json")]
    asked += [("drain-queued", f"--run-id=q{ATTACKS[1]}"), ("chain-with-queued", f"--run-id=q{ATTACKS[0]}"), ("drain-all",)]
    asked += [
        (task, f"--run-id=q{ATTACKS[2]}", f"--format={shape}")
        for task in ("drain-queued", "chain-with-queued")
        for shape in _MORE
    ]
    asked += [(task, f"--format={shape}") for task in ("drain-all", "resume") for shape in _MORE]
    asked += [("summary", f"--format={shape}") for shape in _REPORTS]
    asked += [("summary", f"--format={shape}", "--output=report") for shape in _REPORTS]
    asked += [
        ("sessions",),
        ("sessions", "--format=json"),
        ("events",),
        ("events", "--format=json"),
        ("--dry", "recover"),
        ("recover",),
        ("recover", "--format=json"),
        ("resume",),
    ]
    asked += [("explain",), ("explain", "--format=json"), ("explain", f"--run-id={ATTACKS[0]}")]
    for attack in FEW:
        named = ("explain", f"--run-id={attack}", f"--phase-id={attack}reason")
        asked += [named, (*named, "--format=json"), ("explain", f"--run-id={attack}", f"--phase-id={attack}none")]
        asked += [("reopen", f"--run-id={attack}", f"--reason={attack}"), named]
    asked += [("reopen",), ("reopen", "--format=json"), ("reopen", f"--run-id={FEW[0]}", "--reason=x")]
    asked += [("prune", "--older-than=30d"), ("prune", "--older-than=30d", "--format=json")]
    for task in ("status", "stop", "pause", "continue"):
        asked += [(task,), (task, "--format=json"), *((task, "--format=json", f"--reason={FEW[0]}"),) * (task != "status")]
    for wrong in ("summary", "resume"):
        asked += [(wrong, f"--session-id={attack}") for attack in FEW[:2]]
    asked += [("accept", "--clear", f"--run-id={attack}x") for attack in FEW[:2]]
    asked += [("hint", "--clear", f"--run-id={attack}x") for attack in FEW[:2]]
    asked += [
        ("init",),
        ("init", "--format=json"),
        ("demo",),
        ("demo", "--format=json"),
        ("drain", f"--policy={ATTACKS[0]}"),
        ("drain", f"--plan={ATTACKS[7]}"),
    ]
    asked += [("--dry", "init", f"--database-url={place.url}", f"--table={attack}") for attack in FEW]
    return asked


def files_of_people(place: Workplace) -> list[Path]:
    """All that batchdrain writes to be read, but the logs, which are the command's own."""
    found = [*place.sessions.glob("*.json"), *place.sessions.glob("*.jsonl")]
    return [*found, *place.root.glob("plan.json"), *place.root.glob("report")]


@fault(87)
@pytest.mark.timeout(400)  # every task in every format, a process each
def test_no_task_prints_a_command_of_ci_nor_an_escape(attacked: Workplace) -> None:
    said: list[tuple[tuple[str, ...], Ran]] = []
    for argv in asked(attacked):
        ran = attacked.inv(*argv)
        said.append((argv, ran))
        assert "Traceback" not in ran.err, (argv, ran.err)
        assert obeyed(ran.out + "\n" + ran.err) == [], (argv, ran)
        is_refused = argv[0] in {"init", "demo"} or (argv[0] == "explain" and ran.code == 2)  # a phase that is not there
        if "--format=json" in argv and "--output=report" not in argv and not is_refused:
            assert [json.loads(line) for line in ran.lines] if argv[0] == "events" else ran.json() is not None
        if "--output" in " ".join(argv):
            assert obeyed((attacked.root / argv[-1].partition("=")[2]).read_text()) == [], argv
    for path in files_of_people(attacked):
        assert obeyed(path.read_text()) == [], path
    told = "".join(ran.out for _, ran in said)
    assert "\\x3a:stop-commands::x" in told
    assert "\\x23#vso[task.complete" in told


def test_every_task_and_format_is_among_those_that_are_asked(attacked: Workplace) -> None:
    lines = asked(attacked)
    assert {argv[0] if argv[0] != "--dry" else argv[1] for argv in lines} == set(ns.task_names)
    for task, flags in FLAGS.items():
        of_task = [argv for argv in lines if task.replace("_", "-") in argv]
        shapes = next((flag.choices for flag in flags if flag.name == "format"), ())
        for shape in shapes:
            asks = [argv for argv in of_task if f"--format={shape}" in argv or not any("--format" in one for one in argv)]
            assert asks, (task, shape)


@fault(87)
def test_a_script_gets_the_very_ids_out_of_json(attacked: Workplace) -> None:
    runs = {row["run_id"] for row in attacked.inv("list-run-counts", "--format=json").json()}
    assert runs >= set(ATTACKS)
    planned: Any = attacked.inv("dry-run", "--format=json", "--batch-size=99").json()
    assert {phase["run_id"] for phase in planned["phases"]} == set(ATTACKS)
    attacked.inv("drain", "--batch-size=99")
    shown = attacked.inv("summary", "--format=json").json()
    for results in (shown["results"], attacked.session()["results"], [e for e in attacked.events() if "outcome" in e]):
        assert {one["run_id"] for one in results} == set(ATTACKS)


def test_json_is_json_on_a_terminal_that_takes_ascii_alone(sqlite_project: Workplace) -> None:
    sqlite_project.fail("é/✓~fail", "…/ü")
    env = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    ran = sqlite_project.inv("drain", "--format=json", env=env)
    assert ran.out.isascii()
    assert [one["phase_id"] for one in json.loads(ran.out)["results"]] == ["✓~fail", "ü"]
    assert {row["run_id"] for row in sqlite_project.inv("list-run-counts", "--format=json", env=env).json()} == {"é", "…"}


def test_a_row_for_scripts_has_the_fields_that_it_promises_whatever_the_ids(attacked: Workplace) -> None:
    rows = [line.split("\t") for line in attacked.inv("list-run-counts").lines]
    assert len(rows) == 2 * len(ATTACKS)
    assert {len(row) for row in rows} == {5}
    assert len(attacked.inv("pick-next-run").out.split("\t")) == 2


def test_the_live_display_shows_no_command_of_ci_either(attacked: Workplace) -> None:
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--batch-size=99"], cwd=str(attacked.root), timeout=60,
                          env={**attacked.environ(), "TERM": "xterm"}, encoding="utf-8", dimensions=(40, 300))  # fmt: skip
    shown = child.read()
    child.close()
    assert child.exitstatus == 1
    assert "failed phases" in shown
    assert obeyed(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n")) == []
