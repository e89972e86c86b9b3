"""strace: it sees each call of a drain and of its guardians, and fails or kills it where a test says so."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def _strace() -> str | None:
    """strace, where it is installed and may trace."""
    program = shutil.which("strace")
    tried = subprocess.run([program, "-o", "/dev/null", "true"], check=False, capture_output=True) if program else None
    return program if tried is not None and tried.returncode == 0 else None


needs_strace = pytest.mark.skipif(_strace() is None, reason="strace is not there, or may not trace")
