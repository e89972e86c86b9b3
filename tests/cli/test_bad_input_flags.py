"""Flags that people get wrong: one line that names the flag, exit code 2, and neither database nor folder is touched."""

from __future__ import annotations

import os

import pytest

from tests.cli.telling import refused, snapshot, told
from tests.workplace import Workplace


def test_every_wrong_limit_of_a_drain_is_told_at_once(lite: Workplace) -> None:
    lite.fail("r/a")
    wrong = {
        "--batch-size": "1e9", "--workers": "0", "--phase-timeout": "nan", "--max-attempts": "0", "--max-repeats": "-1",
        "--max-timeouts-per-run": "many", "--max-total-minutes": "10m", "--min-success-rate": "nan", "--profile": "nope",
    }  # fmt: skip

    ran = refused(lite, ["drain", *(f"{flag}={value}" for flag, value in wrong.items())], 2, *wrong, *wrong.values())

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
        (["drain", "--category=nope"], "--category: 'nope' is no category"),
        (["drain", "--policy=" + "[" * 100_000], "--policy: "),
        (["drain", "--category="], "--category: '' is no category"),
        (["drain", "--cluster="], "--cluster: is empty"),
        (["drain", "--run-id="], "--run-id: is empty"),
        (["drain", "--plan="], "--plan: "),
        (["drain", "--plan=x.json", "--run-id=r"], "--plan: "),
        (["drain", "--resume", "--policy=smart"], "--policy: "),
        (["resume", "--batch-size=--5"], "--batch-size: expected a whole number"),
        (["resume", "--batch-size=00000000000" + "1" + "0" * 5_000], "--batch-size: expected a whole number"),
        (["resume", "--session-id="], "--session-id: '' is no session id"),
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
def test_a_wrong_flag_changes_nothing(lite: Workplace, argv: list[str], part: str) -> None:
    lite.fail("r/a")
    refused(lite, argv, 2, part)


def test_the_flag_that_is_told_is_the_one_that_was_given(lite: Workplace) -> None:
    lite.add(("r", "a", 1, "QUEUED", None))
    refused(lite, ["drain-all", "--queued-batch-size=0"], 2, "--queued-batch-size: ")


@pytest.mark.parametrize("output", ["", ".", "/", "no/such/folder/plan.json"])
def test_an_output_that_can_be_no_file_is_refused(lite: Workplace, output: str) -> None:
    lite.fail("r/a")
    before = snapshot(lite)
    ran = lite.inv("dry-run", f"--output={output}")
    assert ran.code in {2, 74}
    told(ran, ran.code, "--output: ")
    assert snapshot(lite) == before


def test_an_output_goes_through_a_link_and_never_replaces_what_is_no_file(lite: Workplace) -> None:
    """As root `--output=/dev/null` would else replace the device itself."""
    lite.fail("r/a")
    (lite.root / "kept.json").write_text("{}")
    (lite.root / "link.json").symlink_to("kept.json")
    os.mkfifo(lite.root / "pipe")

    lite.inv("dry-run", "--output=link.json")
    ran = lite.inv("dry-run", "--output=pipe")

    assert (lite.root / "link.json").is_symlink()
    assert (lite.root / "pipe").is_fifo()
    told(ran, 74, "--output: pipe")


def test_a_file_of_the_users_keeps_its_mode_and_its_link_and_a_new_one_gets_the_usual(lite: Workplace) -> None:
    lite.fail("r/a")
    config, kept = lite.root / "invoke.yaml", lite.root / "shared.yaml"
    config.unlink()
    kept.write_text("run: {echo: false}\n")
    kept.chmod(0o664)
    config.symlink_to("shared.yaml")

    assert lite.inv("init", f"--database-url={lite.url}", "--table=phases").code == 0
    lite.inv("dry-run", "--output=plan.json", env={"INVOKE_BATCHDRAIN_COMMAND_ARGV": "true"})

    assert (config.is_symlink(), kept.stat().st_mode & 0o777) == (True, 0o664)
    assert "batchdrain:" in kept.read_text()
    assert (lite.root / "plan.json").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_plan_that_names_what_can_be_no_id_is_told(lite: Workplace) -> None:
    lite.fail("r/a", "r/b")
    lite.inv("dry-run", "--output=plan.json")
    plan = lite.root / "plan.json"
    plan.write_text(plan.read_text().replace('"a"', '"a\\u0000"'))

    ran = lite.inv("drain", "--plan=plan.json")

    assert (ran.code, "bad id" in ran.out, "Traceback" in ran.err) == (0, True, False), ran
    assert lite.states() == {"r/a": "FAILED", "r/b": "COMPLETE"}


def test_a_time_limit_may_have_a_unit(lite: Workplace) -> None:
    lite.fail("r/a")
    assert "Timeout: 600 s" in lite.inv("dry-run", "--phase-timeout=10m").out


def test_a_plan_that_is_no_regular_file_is_not_waited_for(lite: Workplace) -> None:
    """A pipe that nobody writes to, a device without an end, and a file that is too large for a plan."""
    lite.fail("r/a")
    os.mkfifo(lite.root / "fifo")
    with (lite.root / "huge").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    for name, part in (("fifo", "is no regular file"), ("/dev/zero", "is no regular file"), ("huge", "is larger than")):
        told(lite.inv("drain", f"--plan={name}"), 65, f"--plan: {name} {part}")
    assert lite.states() == {"r/a": "FAILED"}


def test_the_name_of_an_output_is_shown_without_its_escapes(lite: Workplace) -> None:
    lite.fail("r/a")
    said = [lite.inv("dry-run", "--output=\x1b[31mplan"), lite.inv("drain"), lite.inv("summary", "--output=\x1b[31mreport")]
    assert [ran.code for ran in said] == [0, 0, 0], said
    assert "\\x1b[31mplan" in said[0].out
    assert not any("\x1b" in ran.out + ran.err for ran in said)
