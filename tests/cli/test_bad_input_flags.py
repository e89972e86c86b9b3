"""Flags that people get wrong: one line that names the flag, exit code 2, and neither database nor folder is touched."""

from __future__ import annotations

import os

import pytest

from tests.cli.telling import refused, snapshot, told
from tests.support.workplace import Workplace


def test_every_wrong_limit_of_a_drain_is_told_at_once(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    wrong = {
        "--batch-size": "1e9", "--workers": "0", "--phase-timeout": "nan", "--max-attempts": "0", "--max-repeats": "-1",
        "--max-timeouts-per-run": "many", "--max-total-minutes": "10m", "--min-success-rate": "nan", "--profile": "nope",
    }  # fmt: skip

    ran = refused(
        sqlite_project, ["drain", *(f"{flag}={value}" for flag, value in wrong.items())], 2, *wrong, *wrong.values()
    )

    assert len(ran.err.splitlines()) == len(wrong)


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["drain", "--batch-size=-1"], "--batch-size: must be at least 1, got '-1'"),
        (["drain", "--batch-size=1_0"], "--batch-size: expected a whole number"),
        (["drain", "--batch-size=1000001"], "--batch-size: must be at most 1000000"),
        (["drain", "--phase-timeout=0"], "--phase-timeout: must be more than 0"),
        (["drain", "--phase-timeout=-5m"], "--phase-timeout: expected a duration"),
        (["drain", "--max-total-minutes=1_0"], "--max-total-minutes: "),
        (["drain", "--min-success-rate=0_1"], "--min-success-rate: "),
        (["drain", "--policy="], "--policy: must not be empty"),
        (["drain", "--policy=foo"], "--policy: 'foo' is not known"),
        (["dry-run", "--policy=smart,smrt"], "--policy: 'smrt' is not known (did you mean 'smart'?)"),
        (["drain", "--policy=os:path"], "--policy: 'os:path': expected a callable"),
        (["drain", "--policy=no.such:thing"], "--policy: 'no.such:thing': the module"),
        (["drain", "--engine=nope"], "--engine: 'nope' is not known"),
        (["drain-all", "--engine=os:getcwd"], "--engine: 'os:getcwd' is no factory"),
        (["drain", "--profile=nope"], "--profile: expected 'classic'"),
        (
            ["drain", "--category=nope"],
            "--category: expected unknown, transient, collection, deliverable, patch, other or timeout, got 'nope'",
        ),
        (["drain", "--policy=" + "[" * 100_000], "--policy: "),
        (["drain", "--category="], "--category: is empty"),
        (["drain", "--cluster="], "--cluster: is empty"),
        (["drain", "--run-id="], "--run-id: is empty"),
        (["drain", "--plan="], "--plan: "),
        (["drain", "--plan=x.json", "--run-id=r"], "--plan: "),
        (["drain", "--resume", "--policy=smart"], "--policy: "),
        (["resume", "--batch-size=--5"], "--batch-size: expected a whole number"),
        (["resume", "--batch-size=00000000000" + "1" + "0" * 5_000], "--batch-size: expected a whole number"),
        (["resume", "--session-id="], "--session-id: is empty"),
        (["summary", "--session-id=."], "--session-id: '.' is no session id"),
        (["summary", "--session-id=/etc/passwd"], "--session-id: '/etc/passwd' is no session id"),
        (["summary", "--session-id=" + "a" * 300], "is no session id"),
        (["summary", "--session-id=-rf"], "--session-id: '-rf' is no session id"),
        (["summary", "--session-id=a..b"], "--session-id: 'a..b' is no session id"),
        (["drain-queued"], "--run-id: is required"),
        (["drain-queued", "--run-id=r", "--max-batches=0"], "--max-batches: expected a whole number"),
        (["chain-with-queued", "--run-id="], "--run-id: is empty"),
        (["drain-all", "--queued-batch-size=1.5"], "-batch-size: expected a whole number"),
        (["demo", "--phases=1e9"], "--phases: expected a whole number"),
        (["demo", "--seed=-1"], "--seed: expected a whole number"),
    ],
    ids=lambda value: " ".join(value)[:48] if isinstance(value, list) else "",
)
def test_a_wrong_flag_changes_nothing(sqlite_project: Workplace, argv: list[str], part: str) -> None:
    sqlite_project.fail("r/a")
    refused(sqlite_project, argv, 2, part)


def test_the_flag_that_is_told_is_the_one_that_was_given(sqlite_project: Workplace) -> None:
    sqlite_project.add(("r", "a", 1, "QUEUED", None))
    refused(sqlite_project, ["drain-all", "--queued-batch-size=0"], 2, "--queued-batch-size: ")


@pytest.mark.parametrize("output", ["", ".", "/", "no/such/folder/plan.json"])
def test_an_output_that_can_be_no_file_is_refused(sqlite_project: Workplace, output: str) -> None:
    sqlite_project.fail("r/a")
    before = snapshot(sqlite_project)
    ran = sqlite_project.inv("dry-run", f"--output={output}")
    assert ran.code in {2, 74}
    told(ran, ran.code, "--output: ")
    assert snapshot(sqlite_project) == before


def test_an_output_goes_through_a_link_and_never_replaces_what_is_no_file(sqlite_project: Workplace) -> None:
    """As root `--output=/dev/null` would else replace the device itself."""
    sqlite_project.fail("r/a")
    (sqlite_project.root / "kept.json").write_text("{}")
    (sqlite_project.root / "link.json").symlink_to("kept.json")
    os.mkfifo(sqlite_project.root / "pipe")

    sqlite_project.inv("dry-run", "--output=link.json")
    ran = sqlite_project.inv("dry-run", "--output=pipe")

    assert (sqlite_project.root / "link.json").is_symlink()
    assert (sqlite_project.root / "pipe").is_fifo()
    told(ran, 74, "--output: pipe")


def test_a_file_of_the_users_keeps_its_mode_and_its_link_and_a_new_one_gets_the_usual(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    config, kept = sqlite_project.root / "invoke.yaml", sqlite_project.root / "shared.yaml"
    config.unlink()
    kept.write_text("run: {echo: false}\n")
    kept.chmod(0o664)
    config.symlink_to("shared.yaml")

    assert sqlite_project.inv("init", f"--database-url={sqlite_project.url}", "--table=phases").code == 0
    sqlite_project.inv("dry-run", "--output=plan.json", env={"INVOKE_BATCHDRAIN_COMMAND_ARGV": "true"})

    assert (config.is_symlink(), kept.stat().st_mode & 0o777) == (True, 0o664)
    assert "batchdrain:" in kept.read_text()
    assert (sqlite_project.root / "plan.json").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_plan_that_names_what_can_be_no_id_is_told(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.inv("dry-run", "--output=plan.json")
    plan = sqlite_project.root / "plan.json"
    plan.write_text(plan.read_text().replace('"a"', '"a\\u0000"'))

    ran = sqlite_project.inv("drain", "--plan=plan.json")

    assert (ran.code, "bad id" in ran.out, "Traceback" in ran.err) == (0, True, False), ran
    assert sqlite_project.states() == {"r/a": "FAILED", "r/b": "COMPLETE"}


def test_a_time_limit_may_have_a_unit(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    assert "Timeout: 600 s" in sqlite_project.inv("dry-run", "--phase-timeout=10m").out


def test_a_plan_that_is_no_regular_file_is_not_waited_for(sqlite_project: Workplace) -> None:
    """A pipe that nobody writes to, a device without an end, and a file that is too large for a plan."""
    sqlite_project.fail("r/a")
    os.mkfifo(sqlite_project.root / "fifo")
    with (sqlite_project.root / "huge").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    for name, part in (("fifo", "is no regular file"), ("/dev/zero", "is no regular file"), ("huge", "is larger than")):
        told(sqlite_project.inv("drain", f"--plan={name}"), 65, f"--plan: {name} {part}")
    assert sqlite_project.states() == {"r/a": "FAILED"}


def test_the_name_of_an_output_is_shown_without_its_escapes(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    said = [
        sqlite_project.inv("dry-run", "--output=\x1b[31mplan"),
        sqlite_project.inv("drain"),
        sqlite_project.inv("summary", "--output=\x1b[31mreport"),
    ]
    assert [ran.code for ran in said] == [0, 0, 0], said
    assert "\\x1b[31mplan" in said[0].out
    assert not any("\x1b" in ran.out + ran.err for ran in said)
