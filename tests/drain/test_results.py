"""What a command is told, and how it says what became of its phase."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.workplace import Workplace, wait_for


def test_the_ledger_knows_the_log_of_an_attempt_by_its_digest(project: Workplace) -> None:
    project.fail("r/a~fail")
    project.inv("drain")
    [(path, digest)] = project.sql("SELECT log_path, log_sha256 FROM batchdrain_attempt")
    assert digest == hashlib.sha256((project.root / path).read_bytes()).hexdigest()


def test_the_command_is_told_what_it_works_on(sqlite_project: Workplace) -> None:
    sqlite_project.configure(
        command={
            "argv": [sys.executable, str(Path(__file__).parents[1] / "support" / "worker.py"), "--run-id={run_id}", "{{x}}"]
        }
    )
    sqlite_project.fail("run 1/p~env", reason="it broke")

    assert sqlite_project.inv("drain", env={"DATABASE_URL": "secret", "INVOKE_BATCHDRAIN_BATCH_SIZE": "3"}).code == 0

    env = json.loads((sqlite_project.root / "environ.json").read_text())
    assert json.loads((sqlite_project.root / "argv.json").read_text()) == ["--run-id=run 1", "{x}"]
    assert {name: env[f"BATCHDRAIN_{name}"] for name in ("RUN_ID", "PHASE_ID", "PHASE_INDEX", "ATTEMPT", "EPOCH", "FAILURE_REASON")} == {
        "RUN_ID": "run 1", "PHASE_ID": "p~env", "PHASE_INDEX": "0", "ATTEMPT": "1", "EPOCH": "1", "FAILURE_REASON": "it broke",
    }  # fmt: skip
    assert env["BATCHDRAIN_SESSION_ID"] == sqlite_project.session()["session_id"]
    assert "DATABASE_URL" not in env
    assert env["INVOKE_BATCHDRAIN_BATCH_SIZE"] == "3"


def test_the_program_itself_can_be_named_by_an_id(sqlite_project: Workplace) -> None:
    for name in ("a", "b"):
        program = sqlite_project.root / f"work-{name}"
        program.write_text(f"#!/bin/sh\necho done > ran-{name}\n")
        program.chmod(0o755)
    sqlite_project.configure(command={"argv": ["./work-{run_id}"]})
    sqlite_project.fail("a/p", "b/p")

    assert sqlite_project.inv("drain").code == 0
    assert sorted(path.name for path in sqlite_project.root.glob("ran-*")) == ["ran-a", "ran-b"]


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("fail", "ValueError: no luck with p~fail [exit 1]"),
        ("silent", "working on 'p~silent' [exit 3]"),
        ("killed", r"working on 'p~killed' [signal 9: KILL, \d+ MiB, [\d.]+ s of CPU]"),
        ("reason=own words", "own words [exit 1]"),
    ],
)
def test_the_reason_is_the_commands_own_or_its_last_line_with_how_it_ended_and_the_log_stands_beside_it(
    sqlite_project: Workplace, act: str, reason: str
) -> None:
    sqlite_project.fail(f"r/p~{act}")
    ran = sqlite_project.inv("drain")

    found = sqlite_project.phases()[f"r/p~{act}"][1]
    assert found is not None
    assert re.fullmatch(reason.replace("[", r"\[", 1) if "signal" in reason else re.escape(reason), found), found
    [result] = sqlite_project.session()["results"]
    ended = next(event for event in sqlite_project.events() if event["event"] == "phase.finished")
    [(reason_kept, code, log, out)] = sqlite_project.sql(
        "SELECT reason, exit_code, log_path, stdout_path FROM batchdrain_attempt"
    )
    assert (result["error_message"], ended["reason"], reason_kept) == (found, found, found)
    assert (ended["exit_code"], ended["signal"]) == (result["exit_code"], result["signal"])
    assert (code, log, out) == (result["exit_code"], result["stderr_path"], result["stdout_path"])
    for name in ("stdout_path", "stderr_path", "log_path"):
        assert result[name] == ended[name]
        assert (sqlite_project.root / result[name]).is_file()
    assert (sqlite_project.root / result["log_path"]).read_text() != ""
    logs = [line for line in ran.lines if line.startswith("    Log: ")]
    assert logs == [f"    Log: {result['log_path']}"] * 2, "as it ended, and in the summary"


@pytest.mark.parametrize(
    "spoils",
    [
        "open(path, 'w').write('{no json')",
        "open(path, 'w').write('[1]')",
        "os.mkdir(path)",
        "os.mkfifo(path)",
        "os.symlink('/etc/hostname', path)",
    ],
    ids=["no JSON", "a list", "a folder", "a fifo", "a link"],
)
def test_the_reason_says_that_a_result_file_is_no_json_object(sqlite_project: Workplace, spoils: str) -> None:
    code = (
        f"import os, sys\npath = os.environ['BATCHDRAIN_RESULT_FILE']\n{spoils}\nprint('boom', file=sys.stderr)\nsys.exit(1)"
    )
    sqlite_project.configure(command={"argv": ["{python}", "-c", code.replace("{", "{{")]})
    sqlite_project.fail("r/a")

    assert sqlite_project.inv("drain").code == 1
    reason = sqlite_project.phases()["r/a"][1]
    assert reason is not None
    assert re.fullmatch(r"boom \[exit 1; result file: is no JSON object( but a list)?\]", reason), reason
    assert sqlite_project.session()["results"][0]["fingerprint"] == "boom"


def test_a_command_that_turns_out_not_to_start_ends_the_batch_and_gives_the_phase_back(project: Workplace) -> None:
    script = project.root / "script"
    script.write_text("#!/nothing/here\n")
    script.chmod(0o755)
    project.configure(command={"argv": ["./script"]})
    project.fail("r/a", "r/b", reason="before")

    ran = project.inv("drain")

    assert (ran.code, "./script" in ran.err) == (78, True)
    assert set(project.phases().values()) == {("FAILED", "before")}
    assert project.session()["total_processed"] == 0


def test_result_from_database_reads_the_state_that_the_command_sets_late(project: Workplace) -> None:
    """The command hands its work on and exits; whoever does the work commits later."""
    pid_file = project.root / "pid"
    code = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid()) + '.')"
    project.configure(command={"argv": [sys.executable, "-c", code], "result_from": "database", "settle_s": 60})
    project.fail("r/a")

    drain = project.start("drain")
    wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("."), "the command to run")
    wait_for(lambda: not psutil.pid_exists(int(pid_file.read_text()[:-1])), "the command to end")
    project.sql("UPDATE phases SET state = 'COMPLETE'")
    out, err = drain.communicate(timeout=90)

    assert drain.returncode == 0, (out, err)
    assert project.session()["results"][0]["final_state"] == "COMPLETE"


def test_result_from_database_records_the_code_beside_the_state(project: Workplace) -> None:
    code = f"import sqlalchemy as sa, sys\nwith sa.create_engine({project.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'COMPLETE'\"))\nsys.exit(3)"
    project.configure(
        command={"argv": [sys.executable, "-c", code.replace("{", "{{").replace("}", "}}")], "result_from": "database"}
    )
    project.fail("r/a")

    ran = project.inv("drain")
    assert ran.code == 0
    result = project.session()["results"][0]
    assert (result["success"], result["final_state"], result["exit_code"]) == (True, "COMPLETE", 3)
    assert "  ✓ Success: COMPLETE, exit 3" in ran.lines
    assert "  r / a: COMPLETE, exit 3" in ran.lines
    assert "| `r` | `a` | COMPLETE, exit 3 |" in project.inv("summary", "--format=markdown").out


@pytest.mark.everyday("sqlite")
def test_result_from_database_gives_back_what_a_timeout_left_executing(project: Workplace) -> None:
    code = f"import sqlalchemy as sa, time\nwith sa.create_engine({project.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'EXECUTING', last_failure_reason = NULL\"))\n"
    code += "print('set', flush=True)\ntime.sleep(600)"
    project.configure(
        command={"argv": [sys.executable, "-c", code], "result_from": "database"}, timeout={"default_s": 3, "adaptive": False}
    )
    project.fail("r/a", reason="before")

    assert project.inv("drain").code == 1
    assert project.phases() == {"r/a": ("FAILED", "before")}


def test_what_a_command_used_is_kept_in_the_session_and_told_where_a_signal_ended_it(sqlite_project: Workplace) -> None:
    """So that a reader sees whether the kernel wanted memory back."""
    code = "import os; held = bytearray(64_000_000); os.kill(os.getpid(), 9)"
    sqlite_project.configure(command={"argv": ["{python}", "-c", code]})
    sqlite_project.fail("r/p")

    sqlite_project.inv("drain")

    [result] = sqlite_project.session()["results"]
    assert result["max_rss_kb"] > 60_000
    assert 0 <= result["cpu_s"] < 60
    told = re.search(r"\[signal 9: KILL, (\d+) MiB, [\d.]+ s of CPU\]", result["error_message"])
    assert told is not None, result["error_message"]
    assert int(told[1]) == round(result["max_rss_kb"] / 1024)
    assert result["fingerprint"] == "the command was ended by sigkill and printed nothing"


WORKS_IN_THE_KERNEL = """
import pathlib, resource
from os import urandom
used = resource.getrusage(resource.RUSAGE_SELF)
while used.ru_stime < 0.3 or used.ru_utime < 0.1:
    urandom(1 << 20) if used.ru_stime < 0.3 else sum(range(10_000))
    used = resource.getrusage(resource.RUSAGE_SELF)
pathlib.Path("used").write_text(repr(used.ru_utime + used.ru_stime))
"""


def test_what_a_command_used_is_its_own_time_and_that_of_the_kernel_for_it(sqlite_project: Workplace) -> None:
    sqlite_project.configure(command={"argv": ["{python}", "-c", WORKS_IN_THE_KERNEL]})
    sqlite_project.fail("r/p")

    assert sqlite_project.inv("drain").code == 0

    [result] = sqlite_project.session()["results"]
    assert result["cpu_s"] >= float((sqlite_project.root / "used").read_text()) - 0.01 >= 0.39
