"""Three hosts drain one database, and one of them dies as a whole: network, processes and mounts of its own each."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, INV, TASKS, Beside, Workplace, wait_for

pytestmark = pytest.mark.everyday("postgresql")

# A pid namespace is a host for us: whoever is its first process takes all others with it. The network is one of its own but
# for the database's socket, which is a file; /proc is of its own processes.
HOST = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--mount"]
SOCKETS = Path("/var/run/postgresql")
SIZE, LEASE = 25, {"ttl_s": 6, "beat_s": 0.5, "margin_s": 0.5}


def socket_url(project: Workplace) -> str:
    """The same database by the server's socket, which is reached from a network namespace too."""
    if not (SOCKETS / ".s.PGSQL.5432").exists():
        pytest.skip("the server has no socket here")
    url = sa.make_url(project.url).set(host=None, port=None).update_query_dict({"host": str(SOCKETS)})
    return url.render_as_string(hide_password=False)


def host(project: Workplace, name: str, *argv: str) -> Beside:
    """`inv` on a host of this name: its session files, processes and network are its own."""
    folder = project.root / name
    folder.mkdir()
    (folder / "tasks.py").write_text(TASKS)
    (folder / "invoke.yaml").write_text((project.root / "invoke.yaml").read_text())
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*HOST, *INV, *argv], cwd=folder, env=project.environ({}), **pipes)  # type: ignore[call-overload, no-any-return]


@fault(80)
def test_three_hosts_take_together_what_was_asked_for_though_one_of_them_dies(server_project: Workplace) -> None:
    project = server_project
    if not project.url.startswith("postgresql"):
        pytest.skip("its server is reached by a socket")
    if not shutil.which("unshare") or subprocess.run([*HOST, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can enter another namespace")
    names = ["dead0/p~hang", "dead1/p~hang", *(f"run{number}/p{number}~ms=20" for number in range(40))]
    witness = watched(project, *names, lease=LEASE)
    project.configure(database_url=socket_url(project))
    drain = ("drain", "--group=g", f"--batch-size={SIZE}", "--workers=2", "--policy=run-order")
    dead = host(project, "dead", *drain, "--run-id=dead*")
    started(witness, 2)
    dead.kill()  # and with it, by --kill-child, the first process of its namespace, and so all others
    dead.communicate(timeout=DEADLINE_S)
    assert project.sql("SELECT taken FROM batchdrain_group") == [(2,)]

    hosts = [host(project, name, *drain, "--run-id=run*") for name in ("one", "two")]
    for one in hosts:
        out, err = one.communicate(timeout=DEADLINE_S)
        assert one.returncode == 0, (out, err)

    def has_settled() -> bool:
        ran = project.inv("recover")
        assert ran.code == 0, ran
        return "0 still held" in ran.out

    wait_for(has_settled, "the leases of the dead host to end")
    last = host(project, "three", *drain, "--run-id=run*")
    out, err = last.communicate(timeout=DEADLINE_S)
    assert last.returncode == 0, (out, err)

    ends = Counter(seen.name for seen in witnessed(witness) if seen.word == "end")
    assert (len(ends), set(ends.values())) == (SIZE, {1}), ends
    assert project.sql("SELECT taken FROM batchdrain_group") == [(SIZE,)]
    assert Counter(project.states().values()) == {"COMPLETE": SIZE, "FAILED": len(names) - SIZE}
    assert violations(project, witness, "") == []
    statuses = Counter(status for (status,) in project.sql("SELECT status FROM batchdrain_session"))
    assert (set(statuses), statuses[None]) == ({"complete", None}, 1), "the dead one is told by its silence alone"
