"""What stands in brackets, in a list or before a colon is most often a name; a class, a code or a state there is kept: a phase
that fails otherwise must not be parked with others."""

from __future__ import annotations

import pytest

from batchdrain.failures.fingerprints import fingerprint

APART = [
    ("build failed with exit code (3)", "build failed with exit code (4)"),
    ("worker exited (137)", "worker exited (1)"),
    ("killed (signal) (9)", "killed (signal) (11)"),
    ("error (13) from the driver", "error (2) from the driver"),
    ("request failed ( 404 )", "request failed ( 500 )"),
    ("failed ( TimeoutError )", "failed ( KeyError )"),
    ("failed [ KeyError ]", "failed [ ValueError ]"),
    ("raised <KeyError>", "raised <ValueError>"),
    ("failed: KeyError, ValueError, TypeError", "failed: OSError, EOFError, IOError"),
    ("upload: KeyError: not found", "upload: ValueError: not found"),
    ("tool: EACCES: permission denied", "tool: EPERM: permission denied"),
    ("run: timeout: cannot go on", "run: locked: cannot go on"),
    ("'KeyError' raised: KeyError in x", "'ValueError' raised: ValueError in x"),
    ("[KeyError] failed", "[ValueError] failed"),
    ("[E404] failed", "[E500] failed"),
    ("[EACCES] failed", "[ENOENT] failed"),
    ("[exit=3] failed", "[exit=4] failed"),
    ("[500] failed", "[404] failed"),
]
TOGETHER = [
    ("found errors (3)", "found errors (41)"),
    ("upload failed (12 kB)", "upload failed (9 kB)"),
    ("[worker-3] failed", "[worker-12] failed"),
    ("[17] failed", "[3] failed"),
    ("unexpected tag <tax>", "unexpected tag <audit>"),
    ("no route ( tax )", "no route ( audit )"),
    ("bash: tax: command not found", "bash: audit: command not found"),
    ("unknown steps: tax, audit, total", "unknown steps: load, merge, send"),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_tells_failures_apart_is_kept_wherever_it_stands(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_a_quantity_or_a_name_there_is_still_none(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)
