"""What lies in the spool is input: whatever it is, recovery settles each phase, and reads no file that is not its own."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchdrain.drain.recovery import recover
from batchdrain.execution import process_identity
from batchdrain.execution.file_names import to_files
from batchdrain.execution.order import ExecutionFiles
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.claim import Claim
from tests.chaos.faults import fault
from tests.database.bench import Bench, taken

GOOD: Final[dict[str, Any]] = {
    "by": "exit", "exit_code": 0, "signal": None, "duration_s": 1.5, "left_over": 0, "gone": True, "cpu_s": 0.5,
    "max_rss_kb": 9000, "ended_ms": 1_700_000_000_000, "limit_s": 60.0, "limit_rule": "test", "stdout_path": "x",
    "stderr_path": "x", "result_path": "x",
}  # fmt: skip
BAD: Final[list[dict[str, Any]]] = [
    {"duration_s": 1e300}, {"duration_s": -1}, {"duration_s": float("nan")}, {"duration_s": float("inf")}, {"duration_s": "1"},
    {"duration_s": True}, {"duration_s": None}, {"duration_s": 10**400}, {"exit_code": 10**40}, {"exit_code": [1]},
    {"exit_code": -1}, {"exit_code": 256}, {"exit_code": True}, {"exit_code": 0.5}, {"exit_code": None}, {"signal": 9},
    {"signal": 10**9, "exit_code": None}, {"ended_ms": -1}, {"ended_ms": 10**18}, {"ended_ms": None}, {"ended_ms": 1.5},
    {"limit_s": 1e300}, {"limit_s": -1}, {"limit_rule": 5}, {"by": "abandoned"}, {"by": "interrupt"}, {"by": []}, {"by": "\ud800"},
    {"cpu_s": -1}, {"cpu_s": 1e300}, {"max_rss_kb": 10**40}, {"max_rss_kb": "1"}, {"left_over": 10**40}, {"left_over": -1},
    {"by": "not_started", "exit_code": None, "errno": 10**20}, {"by": "not_started", "exit_code": None, "message": 7},
]  # fmt: skip


class Left:
    """Phases that a controller of this machine held when it died, with its guardian."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.spool = bench.work.root / "session" / "spool"
        self.logs = self.spool.with_name("logs")
        for folder in (self.spool, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        me = process_identity.identify_self()
        self._dead = replace(me, start=me.start - 1)

    def hold(self, name: str, *, lease_s: float = 3600, guard: ProcessIdentity | None = None) -> Claim:
        claims = self.bench.controller()
        claims.holder = replace(claims.holder, process=self._dead, spool_dir=str(self.spool))
        return taken(self.bench.claim(claims, name, lease_s=lease_s, guard=guard or self._dead))

    def files(self, claim: Claim) -> ExecutionFiles:
        key = claim.phase.key
        (self.logs / key.run_id).mkdir(exist_ok=True)
        return to_files(self.logs / key.run_id / f"{key.phase_id}.{claim.attempt}")

    def place(self, claim: Claim) -> Path:
        return self.spool / f"{claim.token}.json"

    def keep(self, claim: Claim, **fields: Any) -> None:
        self.place(claim).write_text(json.dumps({"token": claim.token, **GOOD, **fields}))


@pytest.fixture
def left(bench: Bench) -> Left:
    return Left(bench)


@fault(79, each=len(BAD))
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_record_with_a_field_that_no_guardian_writes_is_none_and_delays_no_other(left: Left) -> None:
    work = left.bench.work
    work.fail(*(f"r{number}/bad" for number in range(len(BAD))), "s/good", reason="before")
    for number, fields in enumerate(BAD):
        left.keep(left.hold(f"r{number}/bad"), **fields)
    left.keep(left.hold("s/good"))

    settled = recover(left.bench.project)

    assert [back.problem for back in settled] == [""] * (len(BAD) + 1)
    assert work.phases().pop("s/good") == ("COMPLETE", None)
    assert {row for name, row in work.phases().items() if name != "s/good"} == {("FAILED", "before")}
    assert left.bench.rows("owner", "batchdrain_claim") == [(None,)] * (len(BAD) + 1)
    assert list(left.spool.iterdir()) == []


@fault(79)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_texts_of_a_record_that_no_database_takes_are_mended(left: Left) -> None:
    left.bench.work.fail("r/p")
    why = "no \ud800 \x00 such file"
    left.keep(left.hold("r/p"), by="not_started", exit_code=None, errno=7, message=why * 10_000, limit_rule="\udfff\x00")

    [settled] = recover(left.bench.project)

    assert settled.recorded is not None
    [(state, reason)] = left.bench.work.phases().values()
    assert state == "FAILED"
    assert reason is not None
    assert reason.startswith("its ids cannot be passed as arguments: no \ufffd \u2400 such file")


@fault(79)
@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/kmsg", "secret"])
def test_a_record_names_no_file_that_is_read(left: Left, path: str) -> None:
    left.bench.work.fail("r/p")
    claim, secret = left.hold("r/p"), left.bench.work.root / "secret"
    secret.write_text("root:hunter2:\n")
    path = str(secret) if path == "secret" else path
    Path(left.files(claim).stderr).write_text("own words\n")
    left.keep(claim, exit_code=1, stdout_path=path, stderr_path=path, result_path=path)

    recover(left.bench.project)

    [(state, reason)] = left.bench.work.phases().values()
    assert (state, (reason or "").partition(" [")[0]) == ("FAILED", "own words")
    [(log,)] = left.bench.rows("log_path")
    assert log == "session/logs/r/p.1.stderr.txt"


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize(("kept", "read"), [
    ("r/p.1-1.stderr.txt", "second"), ("/elsewhere/r/p.1-1.stderr.txt", "second"), ("p.1-1.stderr.txt", "first"),
    ("r/p.1-x.stderr.txt", "first"), ("r/p.1-1/../secret", "first"), ("r/xp.1-1.stderr.txt", "first"), ("../r/secret", "first"),
    ("logs/{earlier}.stderr.txt", "earlier"), (7, None),
])  # fmt: skip
def test_a_record_s_log_is_the_execution_s_own_perhaps_with_its_epoch(left: Left, kept: object, read: str | None) -> None:
    """Its name was taken where a database was put back to a backup. An earlier version named it otherwise."""
    left.bench.work.fail("r/p", reason="before")
    claim = left.hold("r/p")
    earlier = f"{claim.phase.key.digest[:16]}-p-1"
    Path(left.files(claim).stderr).write_text("first")
    for name, words in (("r/p.1-1.stderr.txt", "second"), ("r/secret", "secret"), (f"{earlier}.stderr.txt", "earlier")):
        (left.logs / name).write_text(words)
    left.keep(claim, exit_code=1, stderr_path=kept.format(earlier=earlier) if isinstance(kept, str) else kept)

    recover(left.bench.project)

    [(_, reason)] = left.bench.work.phases().values()
    assert (reason or "").partition(" [")[0] == (read or "before")


def _fifo(place: Path) -> None:
    os.mkfifo(place)


def _socket(place: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # a socket's name is short
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(place.name)
    os.chdir(here)


def _sparse(place: Path) -> None:
    place.touch()
    os.truncate(place, 1 << 42)


THINGS: Final[dict[str, Callable[[Path], None]]] = {
    "a fifo": _fifo,
    "a socket": _socket,
    "a folder": Path.mkdir,
    "a link": lambda place: place.symlink_to("/dev/zero"),
    "a link to itself": lambda place: place.symlink_to(place.name),
    "four terabytes": _sparse,
    "nothing": lambda place: None,
}


@fault(79, each=len(THINGS))
@pytest.mark.everyday("sqlite")
def test_what_stands_in_a_record_s_place_holds_nobody_up(left: Left) -> None:
    left.bench.work.fail(*(f"r{number}/p" for number in range(len(THINGS))), "s/good")
    for number, thing in enumerate(THINGS.values()):
        thing(left.place(left.hold(f"r{number}/p")))
    left.keep(left.hold("s/good"))

    settled = recover(left.bench.project)

    assert [back.problem for back in settled] == [""] * (len(THINGS) + 1)
    assert sorted(left.bench.work.states().values()) == ["COMPLETE"] + ["FAILED"] * len(THINGS)


@fault(78, each=len(THINGS))
@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("which", ["stdout", "stderr", "result"])
def test_what_stands_in_a_log_s_place_loses_no_success(left: Left, which: str) -> None:
    left.bench.work.fail(*(f"r{number}/p" for number in range(len(THINGS))))
    for number, thing in enumerate(THINGS.values()):
        claim = left.hold(f"r{number}/p")
        thing(Path(getattr(left.files(claim), which)))
        left.keep(claim)

    recover(left.bench.project)

    assert set(left.bench.work.states().values()) == {"COMPLETE"}


JUNK: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**30, 10**50)
    | st.floats(allow_nan=True)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES: Final = [*GOOD, "token", "message", "errno", "spool_error", "command", "stays"]
MUTATED: Final = st.dictionaries(st.sampled_from(NAMES), JUNK, min_size=1, max_size=3)
LACKING: Final = st.sets(st.sampled_from(sorted(GOOD)), max_size=3)


@fault(79)
@pytest.mark.everyday("sqlite")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fields=MUTATED, lacking=LACKING, cut=st.none() | st.integers(0, 300), raw=st.none() | st.binary(max_size=300))
def test_no_record_ends_a_recovery_or_leaves_its_phase_held(
    left: Left, fields: dict[str, Any], lacking: set[str], cut: int | None, raw: bytes | None
) -> None:
    work = left.bench.work
    work.sql("DELETE FROM phases")
    work.fail("a/bad", "b/good", reason="before")
    bad, good = left.hold("a/bad"), left.hold("b/good")
    record = {name: value for name, value in {"token": bad.token, **GOOD, **fields}.items() if name not in lacking}
    left.place(bad).write_bytes(json.dumps(record).encode()[:cut] if raw is None else raw)
    left.keep(good)

    settled = recover(left.bench.project)

    assert [back.problem for back in settled] == ["", ""]
    assert work.states()["a/bad"] in {"COMPLETE", "FAILED"}
    assert work.states()["b/good"] == "COMPLETE"
    assert {row[0] for row in left.bench.rows("owner", "batchdrain_claim")} == {None}


@pytest.mark.everyday("sqlite")
def test_a_note_that_names_our_own_session_is_not_believed(left: Left) -> None:
    """Whoever wrote it wants recovery to end its own shell."""
    left.bench.work.fail("r/p")
    claim, leader = left.hold("r/p"), os.getsid(0)
    left.place(claim).write_text(
        json.dumps({"token": claim.token, "command": [leader, process_identity.start_of(leader) or 1]})
    )

    [settled] = recover(left.bench.project)

    assert settled.ended_processes == 0
    assert left.bench.work.states() == {"r/p": "FAILED"}


@pytest.mark.everyday("sqlite")
def test_a_result_that_was_kept_ended_when_its_command_did_and_not_when_it_was_found(left: Left) -> None:
    """Durations and reports of last week are of last week."""
    left.bench.work.fail("r/p")
    left.keep(left.hold("r/p"))
    recover(left.bench.project)
    assert left.bench.rows("ended_ms, duration_ms") == [(GOOD["ended_ms"], 1500)]


@pytest.mark.everyday("sqlite")
def test_a_record_whose_controller_lives_on_is_read_and_left_there(left: Left) -> None:
    """It may work for another copy of the database, and need its record there."""
    left.bench.work.fail("r/p", "r/q")
    gone = left.hold("r/p")
    left._dead = process_identity.identify_self()
    lives = left.hold("r/q", lease_s=-1, guard=replace(left._dead, start=left._dead.start - 1))
    left.keep(gone)
    left.keep(lives)

    recover(left.bench.project)

    assert set(left.bench.work.states().values()) == {"COMPLETE"}
    assert list(left.spool.iterdir()) == [left.place(lives)]
