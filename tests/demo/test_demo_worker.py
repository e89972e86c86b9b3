from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import batchdrain
from batchdrain.demo.worker import Ending, behaviour, main

ROOT = Path(batchdrain.__file__).parents[1]
RESET = "ConnectionResetError: [Errno 104] Connection reset by peer"
IMPORT = "ModuleNotFoundError: No module named 'app.ledger.schema'"
MISSING = "Missing 1 required deliverables: app/ledger/schema.py"


def phase_that(ending: Ending, reason: str) -> str:
    """The first phase id of run `r` whose first attempt ends so."""
    return next(name for n in range(1000) if behaviour("r", name := f"phase-{n}", 1, reason).ending is ending)


def environment(phase_id: str, reason: str, *, attempt: int = 1, result_file: Path | None = None) -> dict[str, str]:
    return {
        "BATCHDRAIN_RUN_ID": "r",
        "BATCHDRAIN_PHASE_ID": phase_id,
        "BATCHDRAIN_ATTEMPT": str(attempt),
        "BATCHDRAIN_FAILURE_REASON": reason,
        "BATCHDRAIN_RESULT_FILE": str(result_file or ""),
    }


def execute(environ: Mapping[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batchdrain.demo", *argv],
        env={**os.environ, **environ}, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def hanging() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "batchdrain.demo", "--run-id=r", "--phase-id=phase-2-soak-test"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        yield process
        process.kill()


def test_a_transient_phase_drops_its_connection_once_and_succeeds_at_the_second_attempt() -> None:
    phase_id = phase_that(Ending.DROP, RESET)
    first = execute(environment(phase_id, RESET, attempt=1))
    second = execute(environment(phase_id, RESET, attempt=2))
    assert (first.returncode, first.stderr) == (75, f"{RESET}\n")
    assert (second.returncode, second.stderr) == (0, "")
    assert f"phase {phase_id} of r, attempt 2" in second.stdout


def test_a_phase_that_fails_again_says_the_same_on_stderr() -> None:
    done = execute(environment(phase_that(Ending.FAIL_AGAIN, IMPORT), IMPORT))
    assert (done.returncode, done.stderr) == (1, f"{IMPORT}\n")


@pytest.mark.parametrize("behind", [" (exit code 1, see logs/r.stderr.txt)", " [exit code 1; logs/r.stderr.txt]"])
def test_a_phase_that_fails_again_does_not_repeat_what_batchdrain_added(behind: str) -> None:
    done = execute(environment(phase_that(Ending.FAIL_AGAIN, IMPORT), IMPORT + behind))
    assert (done.returncode, done.stderr) == (1, f"{IMPORT}\n")


def test_a_phase_without_a_reason_that_fails_gives_one() -> None:
    done = execute(environment(phase_that(Ending.FAIL_AGAIN, ""), ""))
    assert done.returncode == 1
    assert done.stderr.startswith("AssertionError: ")


@pytest.mark.parametrize(
    ("ending", "exit_code", "keys"), [(Ending.SUCCEED, 0, {"metrics"}), (Ending.FAIL_AGAIN, 1, {"reason", "metrics"})]
)
def test_a_deliverable_phase_writes_its_result_file(tmp_path: Path, ending: Ending, exit_code: int, keys: set[str]) -> None:
    phase_id, result_file = phase_that(ending, MISSING), tmp_path / "result.json"
    done = execute(environment(phase_id, MISSING, result_file=result_file))
    result = json.loads(result_file.read_text(encoding="utf-8"))
    assert (done.returncode, done.stderr) == (exit_code, "")
    assert result.keys() == keys
    assert result.get("reason", MISSING) == MISSING
    assert result["metrics"]["tokens"] == behaviour("r", phase_id, 1, MISSING).tokens > 0


def test_without_a_result_file_the_reason_of_a_deliverable_phase_goes_to_stderr() -> None:
    done = execute(environment(phase_that(Ending.FAIL_AGAIN, MISSING), MISSING))
    assert (done.returncode, done.stderr) == (1, f"{MISSING}\n")


def test_a_soak_test_says_what_it_waits_for_and_hangs(hanging: subprocess.Popen[str]) -> None:
    assert hanging.stdout is not None
    lines = [hanging.stdout.readline() for _ in range(3)]
    assert lines[-1] == "waiting for the test environment to become ready\n"
    assert hanging.poll() is None


def test_a_soak_test_hangs_longer_than_any_limit_of_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    assert main(["--run-id=r", "--phase-id=phase-2-soak-test"], {}) == 1
    assert slept[1:] == [3600.0]


@pytest.mark.parametrize("attempt", [1, 2, 9])
def test_a_phase_that_timed_out_hangs_at_every_attempt(attempt: int) -> None:
    assert behaviour("r", "phase-1", attempt, "Phase timed out after 600 seconds").ending is Ending.HANG


def test_the_flags_alone_name_the_phase_and_go_before_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    phase_id = phase_that(Ending.SUCCEED, "")
    assert main(["--run-id", "r", "--phase-id", phase_id], {}) == 0
    assert main(["--run-id=r", f"--phase-id={phase_id}"], {"BATCHDRAIN_PHASE_ID": "phase-2-soak-test"}) == 0
    assert capsys.readouterr().out.count(f"phase {phase_id} of r, attempt 1") == 2


@pytest.mark.parametrize(
    ("argv", "environ"),
    [
        ([], {}),
        (["--run-id=r"], {}),
        (["--run-id=r", "--phase-id"], {}),
        (["--run-id=r", "--phase-id=p", "--quickly"], {}),
        (["--run-id=r", "--phase-id=p"], {"BATCHDRAIN_ATTEMPT": "first"}),
    ],
)
def test_a_wrong_use_ends_with_the_usage_on_one_line(
    argv: list[str], environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv, environ) == 2
    assert capsys.readouterr().err.splitlines()[0].startswith("usage: ")


def test_a_reason_that_is_not_valid_text_comes_back_byte_for_byte(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    reason = os.fsdecode(b"KeyError: '\xff'")
    assert main([], environment(phase_that(Ending.FAIL_AGAIN, reason), reason)) == 1
    assert capfdbinary.readouterr().err == b"KeyError: '\xff'\n"


def test_every_work_time_is_between_5_and_80_milliseconds() -> None:
    times = [behaviour("r", f"phase-{n}", 1, MISSING).work_s for n in range(2000)]
    assert (min(times), max(times)) == (0.005, 0.080)


def test_the_worker_loads_no_heavy_module() -> None:
    heavy = "{'sqlalchemy', 'pydantic', 'rich', 'invoke', 'structlog', 'psutil', 'sqlite3'}"
    code = f"import sys, batchdrain.demo.worker; print({heavy} & set(sys.modules))"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # coverage loads its own
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=plain, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
