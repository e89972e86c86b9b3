"""The gate's audit: a finding fails it, a service that does not answer is told, and is no audit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit"


def audited(tmp_path: Path, says: str, code: int) -> tuple[int, str]:
    """`.ci/audit` where pip-audit says this and ends so. Returns its exit code and its last line."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run([str(AUDIT)], env=env, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout.splitlines()[-1]


def test_what_is_found_fails_the_gate(tmp_path: Path) -> None:
    assert audited(tmp_path, "Found 2 known vulnerabilities in 1 package\nName Version", 1) == (
        1,
        "audited: a known vulnerability was found",
    )


def test_a_clean_audit_says_so(tmp_path: Path) -> None:
    assert audited(tmp_path, "No known vulnerabilities found", 0) == (0, "audited: no known vulnerability was found")


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ("Traceback (most recent call last):\nrequests.exceptions.ConnectionError: Max retries exceeded", 1),
        ("ERROR:pip_audit._cli:Couldn't connect to the service", 1),
        ("", 0),
    ],
)
def test_a_service_that_can_not_be_reached_is_told_on_the_last_line(tmp_path: Path, says: str, code: int) -> None:
    found = audited(tmp_path, says, code)
    assert found[0] == 0
    assert found[1].startswith("not audited: ")
