"""The summary as JUnit XML: it parses back, whatever the texts hold, and holds no secret and no more output than it may."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.reports import junit
from batchdrain.reports.beside import NOTHING_BESIDE, Beside
from batchdrain.sessions.log_tail import read_tail
from batchdrain.sessions.session import Session
from tests.reports.pages import made_of, of_attacks
from tests.sessions.files import START, result
from tests.support.hostile import obeyed
from tests.support.workplace import Workplace


def parsed(found: Session, saved_to: str = "s.json", beside: Beside = NOTHING_BESIDE) -> ET.Element:
    return ET.fromstring(junit.render(found, saved_to, beside).encode())


def test_a_run_is_a_suite_and_a_phase_a_case() -> None:
    root = parsed(made_of([("r", "a", "boom [exit 1]"), ("r", "b", None), ("s", "c", None)]))
    assert (root.tag, root.attrib["tests"], root.attrib["failures"]) == ("testsuites", "3", "1")
    assert [(suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"]) for suite in root] == [
        ("r", "2", "1"),
        ("s", "1", "0"),
    ]
    case = root[0][0]
    assert (case.attrib["classname"], case.attrib["name"], case.attrib["time"]) == ("r", "a", "0.500")
    assert (case[0].tag, case[0].attrib["message"], case[0].text) == ("failure", "boom [exit 1]", "boom [exit 1]")
    assert [len(case) for case in root.iter("testcase")] == [1, 0, 0]


def test_it_parses_back_with_every_attack_in_every_place() -> None:
    found = of_attacks(400)
    root = parsed(found)
    assert len(list(root.iter("testcase"))) == 400
    assert len(list(root.iter("failure"))) == 400
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}
    assert obeyed(junit.render(found, "s.json", NOTHING_BESIDE)) == []


@given(st.text(), st.text(), st.text())
def test_it_parses_back_whatever_the_texts_are(run: str, phase: str, reason: str) -> None:
    found = Session(
        session_id="s", started_at=START, results=[result(1, success=False, run_id=run, phase_id=phase, error_message=reason)]
    )
    assert len(list(parsed(found).iter("failure"))) == 1


def test_a_log_is_attached_by_its_end_and_all_of_them_within_a_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = made_of([("r", str(number), "boom") for number in range(5)])
    logs = tmp_path / "s" / "logs"
    logs.mkdir(parents=True)
    for number, one in enumerate(found.results):
        (logs / f"{number}.txt").write_text(
            "".join(f"line {line}\n" for line in range(9_000)) + "[[ATTACHMENT|/etc/passwd]] \x1b[0m"
        )
        one.log_path = f"state/s/logs/{number}.txt"
    monkeypatch.setattr(junit, "ALL_OUTPUT_BYTES", 2 * junit.OUTPUT_BYTES + 1)
    outputs = [one.text or "" for one in parsed(found, str(tmp_path / "s.json")).iter("system-out")]
    assert 2 <= len(outputs) <= 3
    assert all(len(one) <= junit.OUTPUT_BYTES + 200 for one in outputs)
    assert "bytes before this are left out]\nline " in outputs[0]
    assert outputs[0].endswith("[\\[ATTACHMENT|/etc/passwd]] \\x1b[0m")


def test_the_room_for_logs_is_counted_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = made_of([("r", str(number), "boom") for number in range(3)])
    (tmp_path / "s").mkdir()
    for number, one in enumerate(found.results):
        (tmp_path / "s" / f"{number}.txt").write_text("日" * 100)
        one.log_path = f"state/s/{number}.txt"
    monkeypatch.setattr(junit, "ALL_OUTPUT_BYTES", 599)
    assert [one.text for one in parsed(found, str(tmp_path / "s.json")).iter("system-out")] == ["日" * 100] * 2


def test_no_link_is_followed_for_a_log(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "log").symlink_to(tmp_path / "secret")
    assert (read_tail(tmp_path / "log", 99), read_tail(tmp_path / "secret", 99), read_tail(tmp_path / "none", 9)) == (
        "",
        "secret",
        "",
    )


@pytest.mark.parametrize(
    ("most", "left_out", "kept"), [(99, 0, "one\ntwo\nthree\n"), (9, 8, "three\n"), (4, 10, "ree\n"), (6, 8, "three\n")]
)
def test_what_is_left_out_of_a_log_is_counted_to_the_byte(tmp_path: Path, most: int, left_out: int, kept: str) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\nthree\n")
    said = f"[{left_out} bytes before this are left out]\n" if left_out else ""
    assert read_tail(log, most) == said + kept


def test_a_file_of_another_user_is_no_log_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    log.write_text("secret")
    assert read_tail(log, 99) == "secret"
    monkeypatch.setattr(os, "geteuid", lambda: log.stat().st_uid + 1)
    assert read_tail(log, 99) == ""


def test_the_output_of_a_command_is_redacted(sqlite_project: Workplace) -> None:
    (sqlite_project.root / "work.sh").write_text("echo the token is $API_TOKEN; exit 3")
    sqlite_project.configure(command={"argv": ["sh", "work.sh"]}, retry={"max_attempts": 1})
    sqlite_project.fail("r/a")
    env = {"API_TOKEN": "hunter2-canary"}
    assert sqlite_project.inv("drain", env=env).code == 1
    ran = sqlite_project.inv("summary", "--format=junit", "--output=junit.xml", env=env)
    assert ran.code == 0, ran
    [output] = ET.parse(sqlite_project.root / "junit.xml").getroot().iter("system-out")
    assert output.text == "the token is ***\n"
