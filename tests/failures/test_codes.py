"""Numbers that say what failed stay in a fingerprint; numbers that say how much do not."""

from __future__ import annotations

import signal

import pytest

from batchdrain.failures.exit_codes import is_said, words_of_exit
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.failures.meaningful_line import explain


@pytest.mark.parametrize("code", ["1", "75", "137", "503"])
def test_a_code_of_up_to_three_digits_tells_failures_apart(code: str) -> None:
    assert fingerprint(f"it ended with exit code {code}") == f"it ended with exit code {code}"
    assert fingerprint(f"HTTP status {code} from the server") == f"http status {code} from the server"


@pytest.mark.parametrize("number", ["1234", "50331", "1-2", "12.5"])
def test_a_longer_number_is_a_value_and_tells_none_apart(number: str) -> None:
    """Each request has another: as codes they would make a cluster of each failure."""
    assert fingerprint(f"refused with code {number} today") == "refused with code * today"


@pytest.mark.parametrize(
    "name",
    ["HUP", "INT", "QUIT", "ILL", "ABRT", "BUS", "FPE", "KILL", "SEGV", "PIPE", "TERM", "XCPU", "XFSZ", "SYS"],
)
def test_a_shell_s_code_for_a_signal_is_told_by_its_name(name: str) -> None:
    code = 128 + signal.Signals[f"SIG{name}"]
    assert words_of_exit(code) == f"ended by SIG{name}, exit code {code}"
    assert explain(b"", b"", code).text == words_of_exit(code)


@pytest.mark.parametrize("code", [None, 0, 1, 2, 125, 128, 128 + signal.SIGCHLD, 128 + signal.SIGTSTP, 255])
def test_other_codes_say_no_more_than_that_it_failed(code: int | None) -> None:
    assert words_of_exit(code) == ""


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (124, "timed out"),
        (134, "Aborted (core dumped)"),
        (137, "Killed"),
        (139, "Segmentation fault"),
        (143, "Terminated"),
        (126, "x"),
        (127, "x"),
    ],
)
def test_what_a_line_says_by_itself_is_not_said_twice(code: int, line: str) -> None:
    assert is_said(code, line)
    assert is_said(code, "no tax") is (code in {126, 127})
