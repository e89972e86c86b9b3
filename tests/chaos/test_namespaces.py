"""Who is seen from where: a controller in another time namespace, and machines on which processes can't be seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from batchdrain.execution import process_identity
from batchdrain.execution.process_identity import ProcessIdentity
from tests.chaos.faults import fault
from tests.chaos.watching import running, started, watched
from tests.support.workplace import DEADLINE_S, INV, Beside, Workplace, ended

pytestmark = pytest.mark.everyday("sqlite")

OTHER_TIME = ["unshare", "--time", "--boottime", "1000000", "--monotonic", "1000000"]
NO_PROC = ["unshare", "--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "sh"]
FOREIGN_PROC = ["unshare", "--pid", "--fork", "--kill-child"]
DEAD = ProcessIdentity("", 1 << 22, 1)


def may(apart: Sequence[str]) -> None:
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can enter another namespace")


def inv(place: Workplace, apart: Sequence[str], *argv: str) -> Beside:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*apart, *INV, *argv], cwd=place.root, env=place.environ({}), **pipes)  # type: ignore[call-overload, no-any-return]


def without_time(identity: ProcessIdentity) -> ProcessIdentity:
    """As ledgers have it from before the time namespace was a part of it."""
    return ProcessIdentity(identity.host_id.rpartition(":")[0], identity.pid, identity.start)


@fault(80)
@pytest.mark.parametrize("stored", ["now", "before"])
def test_a_controller_in_another_time_namespace_is_not_taken_for_dead(project: Workplace, stored: str) -> None:
    """Its start is another one as seen from here."""
    may(OTHER_TIME)
    witness = watched(project, "a/p~until=go")
    drain = inv(project, OTHER_TIME, "drain")
    started(witness, 1)
    [(controller, guardian)] = running(project)
    if stored == "before":
        [(host,)] = project.sql("SELECT host_id FROM batchdrain_claim")
        project.sql(f"UPDATE batchdrain_claim SET host_id = '{host.rpartition(':')[0]}'")

    ran = project.inv("recover")

    assert "0 recovered, 1 still held." in ran.lines
    assert [Path(f"/proc/{pid}").exists() for pid in (controller, guardian)] == [True, True]
    (project.root / "go").touch()
    assert ended(drain)[0] == 0
    assert project.states() == {"a/p~until=go": "COMPLETE"}


def test_two_time_namespaces_of_one_machine_are_two_hosts() -> None:
    may(OTHER_TIME)
    code = "from batchdrain.execution.process_identity import read_host_id; print(read_host_id())"
    argv = [sys.executable, "-c", code]
    said = subprocess.run([*OTHER_TIME, *argv], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    theirs, ours = said.stdout.strip(), process_identity.read_host_id()
    assert theirs != ours
    assert theirs.rpartition(":")[0] == ours.rpartition(":")[0]
    assert len(theirs) <= 64


def test_an_identity_that_names_no_time_namespace_is_compared_as_far_as_that_can_be_known() -> None:
    me = process_identity.identify_self()
    if me.host_id.count(":") != 2:
        pytest.skip("this kernel has no time namespaces")
    earlier, here = without_time(me), process_identity.read_host_id()
    assert process_identity.is_here(earlier.host_id)
    assert process_identity.is_alive(earlier) is True
    assert process_identity.is_alive(ProcessIdentity(earlier.host_id, me.pid, me.start - 1)) is False  # we live in our own
    assert process_identity.is_alive(ProcessIdentity(earlier.host_id, DEAD.pid, DEAD.start)) is False
    assert process_identity.is_alive(ProcessIdentity(f"{here}1", me.pid, me.start)) is None


@fault(80)
@pytest.mark.parametrize(
    ("apart", "warns"), [(NO_PROC, True), (FOREIGN_PROC, True), ([], False)], ids=["none", "foreign", "ours"]
)
def test_doctor_warns_where_processes_can_not_be_seen(sqlite_project: Workplace, apart: list[str], warns: bool) -> None:
    may(apart or ["true"])
    sqlite_project.fail("r/p")

    code, out = ended(inv(sqlite_project, apart, "doctor"))

    assert code == 0, out
    assert ("warn machine: there is no /proc of our own, so processes can't be seen: " in out) is warns
    assert ("All is well." in out) is not warns


@fault(80)
@pytest.mark.parametrize("apart", [NO_PROC, FOREIGN_PROC], ids=["none", "foreign"])
def test_without_a_proc_of_its_own_a_drain_drains_and_nobody_is_taken_for_dead(
    sqlite_project: Workplace, apart: list[str]
) -> None:
    may(apart)
    witness = watched(sqlite_project, "a/p~until=go", "b/q~fail")
    drain = inv(sqlite_project, apart, "drain")
    started(witness, 1)

    code, out = ended(inv(sqlite_project, apart, "recover"))

    assert code == 0, out
    assert "0 recovered, 1 still held." in out
    assert "can't be seen from here" in out
    (sqlite_project.root / "go").touch()
    assert ended(drain)[0] == 1
    assert sqlite_project.states() == {"a/p~until=go": "COMPLETE", "b/q~fail": "FAILED"}


@fault(80)
def test_without_proc_a_guardian_that_does_not_answer_is_killed_all_the_same(sqlite_project: Workplace) -> None:
    """By a handle that was taken when it greeted."""
    may(NO_PROC)
    patch = "from batchdrain.execution.guardian import watched_order\nwatched_order.SLACK_S = 0.1\n"
    (sqlite_project.root / "tasks.py").write_text(patch + "from batchdrain.collection import ns as ns\n")
    sqlite_project.configure(
        command={"argv": ["/bin/sh", "-c", "kill -STOP $PPID; exec sleep 600"], "grace_s": 0.1},
        timeout={"default_s": 0.5, "adaptive": False},
    )
    sqlite_project.fail("r/p", reason="before")
    drain = inv(sqlite_project, NO_PROC, "drain")

    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 1, (out, err)
    assert b"the guardian of the command did not answer and was killed" in out
    assert sqlite_project.states() == {"r/p": "FAILED"}
