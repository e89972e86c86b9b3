"""Commands on workers that have no batchdrain: each ends before its lease can be over, whatever dies or is cut off."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.dialects import db_now_ms
from tests.chaos.checker import violations, witnessed
from tests.chaos.fleet import use_fleet
from tests.chaos.test_namespaces import may
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace, read_until, wait_for

APART = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
SHORT = {"ttl_s": 6.0, "beat_s": 1.0, "margin_s": 1.0}


def processes_of(token_like: str) -> list[int]:
    """Those that bear such a token, wherever they are."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"BATCHDRAIN_TOKEN={token_like}".encode() in environ:
            found.append(int(folder.name))
    return found


def uid_of(place: Workplace) -> str:
    [(uid,)] = place.sql("SELECT DISTINCT session_uid FROM batchdrain_attempt")
    return str(uid)


def left_ms(place: Workplace) -> list[int]:
    """How long the leases last that are held, by the clock of the machine that all of them are on."""
    claims = sa.table("batchdrain_claim", sa.column("lease_until_ms", sa.BigInteger), sa.column("owner"))
    left = sa.select(claims.c.lease_until_ms - db_now_ms()).where(claims.c.owner.is_not(None))
    with place.engine.connect() as connection:
        return [int(found) for (found,) in connection.execute(left)]


TALKS = "import os, sys; print('here', os.environ['HERE'], sys.executable); print('x' * 3000, 'end', file=sys.stderr)"


@pytest.mark.parametrize("cluster", ["distant", "apart"])
def test_workers_without_batchdrain_execute_and_head_and_tail_of_their_logs_come_back(
    project: Workplace, cluster: str
) -> None:
    if cluster == "apart":
        may(APART)
    project.fail("a/p", "b/p")
    env = use_fleet(project, cluster, command={"argv": ["{python}", "-c", TALKS], "log_back_kb": 1})
    ran = project.inv("drain", "--workers=2", env=env)

    assert ran.code == 0, (ran.out, ran.err)
    assert set(project.states().values()) == {"COMPLETE"}
    out, err = (
        [path.read_text() for path in project.sessions.glob(f"*/logs/*/*.{name}")] for name in ("stdout.txt", "stderr.txt")
    )
    assert len(out) == len(err) == 2, list(project.sessions.rglob("*"))
    assert all(text.startswith("here worker-") for text in out)
    cut = re.compile(
        rf"x{{500}}\n\[batchdrain: 2005 bytes are left out here; the whole is {socket.gethostname()}:(/.*)\]\nx* end\n"
    )
    for text in err:
        found = cut.fullmatch(text)
        assert found is not None, text
        assert Path(found[1]).read_text() == "x" * 3000 + " end\n"


@pytest.mark.parametrize(
    ("cluster", "how"),
    [("fleet", signal.SIGKILL), ("fleet", signal.SIGSTOP), ("threads", signal.SIGSTOP)],
    ids=["killed", "stopped", "stopped with its threads"],
)
@pytest.mark.everyday("sqlite", "postgresql")
def test_a_command_ends_before_its_lease_can_be_over_once_no_controller_is_heard_of(
    project: Workplace, cluster: str, how: signal.Signals
) -> None:
    witness = watched(project, "a/p~hang=1")
    drain = project.start("drain", env=use_fleet(project, cluster, lease=SHORT))
    started(witness, 1)
    uid = uid_of(project)
    os.kill(drain.pid, how)
    early = project.inv("recover")
    wait_for(lambda: not processes_of(uid), "the end of the command")
    left = left_ms(project)
    project.configure(engine="local")
    wait_for(lambda: max(left_ms(project)) < 0, "the end of the lease")
    ran = project.inv("drain")
    os.kill(drain.pid, signal.SIGCONT) if how is signal.SIGSTOP else None
    os.killpg(drain.pid, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)

    assert "0 recovered, 1 still held." in early.lines
    assert left[0] > 0
    assert ran.code == 0, ran
    assert [seen.word for seen in witnessed(witness)] == ["start", "start", "end"]
    assert violations(project, witness, ran.out) == []


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_worker_that_is_cut_off_ends_its_command_and_another_one_executes_the_phase_after_that(project: Workplace) -> None:
    witness = watched(project, "a/p~hang=1", "b/p~until=go")
    env = use_fleet(project, "fleet", lease=SHORT)
    drain = project.start("drain", "--workers=3", env=env)
    started(witness, 2)
    uid = uid_of(project)
    [hanging] = [pid for pid in processes_of(uid) if b"p~hang=1" in Path(f"/proc/{pid}/environ").read_bytes()]
    worker = Path(f"/proc/{hanging}/environ").read_bytes().split(b"HERE=")[1].split(b"\0")[0].decode()
    (project.root / worker / "cut").touch()
    wait_for(lambda: not Path(f"/proc/{hanging}").exists(), "the end of the command")
    left = left_ms(project)
    (project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert max(left) > 0
    assert drain.returncode in {0, 75}, (out, err)
    assert b"nothing was heard of its end, and its lease is over" in out + err
    assert violations(project, witness, out.decode()) == []
    assert project.states()["b/p~until=go"] == "COMPLETE"


def test_an_ending_whose_future_is_lost_comes_with_the_next_answer(sqlite_project: Workplace) -> None:
    project = sqlite_project
    witness = watched(project, "a/p~until=go")
    drain = project.start("drain", env=use_fleet(project, "forgets", lease={"ttl_s": 600.0, "beat_s": 1.0, "margin_s": 0.5}))
    printed = read_until(drain, "a / p~until=go: the end of its command is waited for")
    (project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (printed, out, err)
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert violations(project, witness, printed + out.decode()) == []


def test_a_second_delivery_says_so_and_the_ending_of_the_first_comes_with_an_answer(sqlite_project: Workplace) -> None:
    project = sqlite_project
    witness = watched(project, "a/p~ms=300", "b/p~ms=300")
    ran = project.inv("drain", env=use_fleet(project, "redelivers", lease={"ttl_s": 600.0, "beat_s": 1.0, "margin_s": 0.5}))

    assert ran.code == 0, (ran.out, ran.err)
    assert set(project.states().values()) == {"COMPLETE"}
    assert sorted(seen.word for seen in witnessed(witness)) == ["end", "end", "start", "start"]
    assert violations(project, witness, ran.out) == []


def test_ctrl_c_ends_commands_on_workers(sqlite_project: Workplace) -> None:
    project = sqlite_project
    witness = watched(project, "a/p~hang=60")
    drain = project.start("drain", env=use_fleet(project, "fleet"))
    started(witness, 1)
    drain.send_signal(signal.SIGINT)
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, project.states()) == (130, {"a/p~hang=60": "FAILED"}), (out, err)
    assert project.sql("SELECT outcome FROM batchdrain_attempt") == [("released",)]
    assert violations(project, witness, out.decode()) == []


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        ("elsewhere", "its `tell`: it does not reach the processes that execute"),
        ("deaf", "its `tell`: TimeoutError: no route to the workers"),
    ],
)
def test_an_engine_whose_tell_reaches_nobody_works_under_the_long_lease(
    sqlite_project: Workplace, cluster: str, says: str
) -> None:
    witness = watched(sqlite_project, "a/p~ms=1")
    ran = sqlite_project.inv("drain", env=use_fleet(sqlite_project, cluster))

    assert ran.code == 0, ran
    assert says in ran.out
    assert violations(sqlite_project, witness, ran.out) == []
