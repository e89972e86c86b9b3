"""What went wrong with the command that tells others is one line: what ended it, without secrets, and where its log lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batchdrain.drain.notify.judge import describe_error, describe_problem, find_time_s
from batchdrain.execution.guardian_client import NotEndedError
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.errors import FilesUnavailable

PATHS = ("o.txt", "e.txt")
SAID: list[tuple[EndedBy, dict[str, Any], str]] = [
    (EndedBy.EXIT, {"exit_code": 0}, ""),
    (EndedBy.EXIT, {"exit_code": 0, "stderr_tail": b"a warning"}, ""),
    (EndedBy.EXIT, {"exit_code": 0, "left_over": 1}, "left 1 process behind, which was ended"),
    (EndedBy.EXIT, {"exit_code": 0, "left_over": 3}, "left 3 processes behind, which were ended"),
    (EndedBy.EXIT, {"exit_code": 4, "stderr_tail": b"no tok3n"}, "failed: no *** [exit 4] (log: e.txt)"),
    (EndedBy.EXIT, {"exit_code": 4, "stdout_tail": b"no channel"}, "failed: no channel [exit 4] (log: o.txt)"),
    (EndedBy.EXIT, {"exit_code": 4, "left_over": 1}, "failed: the command failed and printed nothing [exit 4]"),
    (
        EndedBy.EXIT, {"signal": 9, "cpu_s": 1.25, "max_rss_kb": 2048},
        "failed: the command was ended by SIGKILL and printed nothing [signal 9: KILL, 2 MiB, 1.2 s of CPU]",
    ),
    (EndedBy.TIMEOUT, {"stdout_tail": b"begun"}, "took longer than 12 s, and was ended (log: o.txt)"),
    (EndedBy.TIMEOUT, {"exit_code": 0}, "took longer than 12 s, and was ended"),
    (EndedBy.INTERRUPT, {"stderr_tail": b"x"}, "was ended by SIGTERM (log: e.txt)"),
    (EndedBy.NOT_STARTED, {"message": "no tok3n: x", "stderr_tail": b"x"}, "was not started: no ***: x"),
    (EndedBy.LOST, {"message": "tok3n is gone"}, "did not end: *** is gone"),
    (EndedBy.UNGUARDED, {"message": "y", "stdout_tail": b"x", "exit_code": 0}, "did not end: y (log: o.txt)"),
]  # fmt: skip


@pytest.mark.parametrize(("by", "facts", "said"), SAID)
def test_each_way_to_end_is_told_by_its_own_words(by: EndedBy, facts: dict[str, Any], said: str) -> None:
    ending = Ending(by=by, **facts)
    found = describe_problem(ending, lambda text: text.replace("tok3n", "***"), PATHS, within_s=12.4, signalled_by="SIGTERM")
    assert found == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotEndedError("process 7 lives on"), "can't be ended: process 7 lives on"),
        (OSError(13, "no", "/x/lock"), "was not started: /x/lock: no"),
        (OSError(28, "disk full"), "was not started: /srv/notify: disk full"),
        (OSError("odd"), "was not started: /srv/notify: odd"),
        (FilesUnavailable("no thread", remedy="raise it"), "was not started: no thread"),
    ],
)
def test_why_there_is_no_end_at_all_names_what_is_in_the_way(error: OSError | FilesUnavailable, said: str) -> None:
    assert describe_error(error, Path("/srv/notify")) == said


def test_a_signal_without_a_name_is_a_signal() -> None:
    assert describe_problem(Ending(by=EndedBy.INTERRUPT), str, PATHS, within_s=1.0) == "was ended by a signal"


@pytest.mark.parametrize(
    ("gone_by", "left_s"), [(None, 30.0), (131.0, 30.0), (130.9, 29.9), (102.0, 1.0), (101.99, 0.0), (100.0, 0.0), (0.0, 0.0)]
)
def test_it_gets_what_is_left_less_a_second_at_most_half_a_minute_and_none_below_a_second(
    gone_by: float | None, left_s: float
) -> None:
    assert find_time_s(gone_by, 100.0) == pytest.approx(left_s)
