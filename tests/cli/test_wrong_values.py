"""Whatever is given to whatever flag of whatever task: the flag is named, with what was expected and what came. Exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from batchdrain.cli.tasks import flag as kinds
from batchdrain.cli.tasks.flag import Flag
from batchdrain.cli.tasks.flags import FLAGS, LONGEST
from tests.cli.in_process import inv
from tests.support.workplace import Workplace

WRONG: Final[dict[str, tuple[str, ...]]] = {
    kinds.CLUSTER_ID: ("", "xyz", "0f3a9c1b7e,xyz"),
    kinds.DURATION: ("", "soon", "-5", "10d"),
    kinds.FILE: ("", " "),
    kinds.GLOB: ("", " "),
    kinds.ID: ("", " "),
    kinds.INT: ("", "ten", "1.5", "1_0", "-9999999", "9999999", "9" * 5_000),
    kinds.NAME: ("", "nope"),
    kinds.NUMBER: ("", "10m", "nan", "-1"),
    kinds.RATE: ("", "80%", "1.5", "nan"),
    kinds.TEXT: ("", " "),
    kinds.URL: ("", "nonsense", "postgresql://u:hunter2@h:port/d"),
    kinds.WHEN: ("", "x", "2020-01-01", "7y"),
}
SHOWN_CHARS: Final = 80
REQUIRED: Final = {"run_id": "r", "reason": "why", "priority": "1"}
"""What a task must have beside, so that its flag is the only thing wrong."""
NAMED: Final = [(task.replace("_", "-"), flag) for task, flags in FLAGS.items() for flag in flags if flag.kind]


def wrong_of(flag: Flag) -> list[str]:
    if flag.kind is kinds.INT and flag.setting in {"stop.max_timeouts_per_run", "stop.max_repeats"}:
        return [text for text in WRONG[kinds.INT] if text != "9999999"]  # they have no upper bound
    if flag.name == "older_than":
        return ["", "soon", "-5d", "10y", "0d"]  # an age, not a time limit
    longer = ["x" * (LONGEST + 1)] if flag.most == LONGEST else []
    lists = [" , ", *(["transient,nope"] if flag.name == "category" else [])] if flag.is_list else []
    return [*WRONG[flag.kind], *longer, *lists]


def beside(task: str, flag: Flag) -> list[str]:
    names = {one.name for one in FLAGS[task.replace("-", "_")]}
    apart = {"run_id", "phase_id"} if flag.name == "cluster" else set()
    return [f"--{name.replace('_', '-')}={text}" for name, text in REQUIRED.items() if name in names - apart - {flag.name}]


@pytest.mark.parametrize(("task", "flag"), NAMED, ids=lambda value: value.dashed if isinstance(value, Flag) else value)
def test_a_wrong_value_is_told_with_its_flag_and_what_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, task: str, flag: Flag
) -> None:
    for text in wrong_of(flag):
        ran = inv([task, *beside(task, flag), f"{flag.dashed}={text}"], tmp_path, capsys, monkeypatch)

        told = ran.err.splitlines()
        assert (ran.code, len(told), ran.out) == (2, 1, ""), (text, ran)
        assert told[0].startswith(f"batchdrain: {flag.dashed}: "), (text, told)
        assert len(told[0]) < 400, told
        if flag.kind is kinds.URL:
            assert "hunter2" not in ran.err
        elif not text.strip(" ,"):
            assert any(sign in told[0] for sign in ("empty", "got ''", "got ' '")), told
        else:
            came = text.rpartition(",")[2] if flag.is_list else text
            assert came[:SHOWN_CHARS] in told[0], told
    assert list(tmp_path.iterdir()) == []


def test_every_kind_that_takes_a_value_has_wrong_ones() -> None:
    assert set(WRONG) == {flag.kind for _, flag in NAMED}


def test_all_wrong_values_of_a_task_are_told_at_once(sqlite_project: Workplace) -> None:
    ran = sqlite_project.inv("accept", "--run-id=", "--until=x", "--reason= ")
    assert ran.code == 2
    assert [line.split(": ")[1] for line in ran.err.splitlines()] == ["--run-id", "--reason", "--until"]


def test_what_only_a_drain_can_print_is_refused_for_a_dry_run(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    for words in (["drain", "--dry-run"], ["--dry", "drain"]):
        ran = sqlite_project.inv(*words, "--format=markdown")
        assert (ran.code, "--format: expected text or json for a dry run, got 'markdown'" in ran.err) == (2, True), ran
