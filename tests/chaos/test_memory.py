"""A machine that is short of memory or threads: it is told, nothing stays held, nothing is orphaned, nothing is done twice."""

from __future__ import annotations

import shutil

import pytest
import sqlalchemy as sa

from tests.chaos.checker import REASON, violations
from tests.chaos.disk import ran
from tests.chaos.faults import repeated
from tests.chaos.test_terminals import terminal
from tests.chaos.watching import watched
from tests.support.soaking import soak
from tests.support.workplace import INV, TASKS, Ran, Workplace

NAMES = [f"r{number}/p~ms=1" for number in range(4)]

LACKING = """
import {module} as module
whose = module{owner}
real, calls = whose.{name}, 0

def lacking(*args, **kwargs):
    global calls
    calls += 1
    if calls == {when}:
        raise MemoryError
    return real(*args, **kwargs)

whose.{name} = lacking
"""


@repeated(37, cases=12)
@pytest.mark.parametrize("when", [1, pytest.param(2, marks=soak), pytest.param(3, marks=soak)])
@pytest.mark.parametrize(
    ("module", "owner", "name"),
    [
        ("batchdrain.execution.guardian_client", ".GuardianClient", "hear"),
        ("batchdrain.execution.guardian_pool", "", "_to_message"),
        ("batchdrain.execution.guardian_pool", "", "ending_of"),
        ("batchdrain.execution.left_files", "", "_blocks"),
    ],
    ids=["hear", "send", "read", "digest"],
)
def test_memory_that_is_short_around_a_command_orphans_nothing_and_loses_no_result(
    sqlite_project: Workplace, module: str, owner: str, name: str, when: int
) -> None:
    witness = watched(sqlite_project, *NAMES)
    lacking = LACKING.format(module=module, owner=owner, name=name, when=when)
    (sqlite_project.root / "tasks.py").write_text(lacking + TASKS)

    short = sqlite_project.inv("drain", "--workers=2")

    assert (short.code in {0, 74}, "Traceback" in short.err) == (True, False), short
    assert short.code == 0 or "out of memory" in short.err
    assert violations(sqlite_project, witness, short.out) == []
    assert sqlite_project.sql("SELECT orphan_count FROM batchdrain_claim WHERE orphan_count > 0") == []
    (sqlite_project.root / "tasks.py").write_text(TASKS)
    assert sqlite_project.inv("drain").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert violations(sqlite_project, witness, "") == []


def limited(kilobytes: int) -> list[str]:
    """What to write before a command so that it has no more address space."""
    return ["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"]


@repeated(37, everyday=0)
@pytest.mark.timeout(300)
def test_a_drain_that_has_a_little_less_memory_than_it_needs_says_so_and_holds_nothing(sqlite_project: Workplace) -> None:
    """How much it needs is found first: it differs with each build of Python and of the libraries."""
    witness = watched(sqlite_project)

    def drained(kilobytes: int) -> Ran:
        sqlite_project.sql("DELETE FROM phases")
        sqlite_project.fail(*(f"of-{kilobytes}-{name}" for name in NAMES), reason=REASON)
        return ran(sqlite_project, ["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"], "drain", "--workers=2")

    little, enough = 40_000, 300_000
    while enough - little > 500:
        tried = (little + enough) // 2
        little, enough = (little, tried) if drained(tried).code == 0 else (tried, enough)

    told = ""
    for less in (600, 2_000, 4_000, 10_000, 30_000):
        short = drained(enough - less)
        assert (short.code in {0, 74}, "Traceback" in short.err) == (True, False), (less, short)
        assert violations(sqlite_project, witness, short.out) == [], less
        told += short.err
    sentences = ("there is no room for 8 threads", "can't start new thread; free memory or processes")
    assert any(sentence in told for sentence in sentences), "which thread finds no room depends on the build"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_without_a_thread_for_its_display_is_told(sqlite_project: Workplace, term: str) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace on this machine to refuse threads")
    witness = watched(sqlite_project, *NAMES)
    calls = "clone,clone3"
    argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error=EAGAIN:when=1+"]
    with terminal(sqlite_project, *argv, *INV, "drain", term=term) as child:
        text = child.read().decode()
        child.wait()
    assert (child.exitstatus, "can't start new thread" in text, "Traceback" in text) == (74, True, False), text
    if sa.inspect(sqlite_project.engine).has_table("batchdrain_claim"):
        assert violations(sqlite_project, witness, "") == []
    assert set(sqlite_project.states().values()) == {"FAILED"}


def test_a_large_session_without_a_thread_to_save_it_is_saved_all_the_same(sqlite_project: Workplace) -> None:
    refusing = """
from batchdrain.model.errors import FilesUnavailable
from batchdrain.sessions import late_saver

def begin(work, name):
    open("refused", "w").close()
    raise FilesUnavailable("can't start new thread")

late_saver.begin = begin
"""
    (sqlite_project.root / "tasks.py").write_text(refusing + TASKS)
    sqlite_project.configure(command={"argv": ["/bin/true"]})
    sqlite_project.fail(*(f"r{number % 5}/p{number}" for number in range(105)))

    assert sqlite_project.inv("drain", "--batch-size=200", "--quiet").code == 0

    assert (sqlite_project.root / "refused").exists()
    assert len(sqlite_project.session()["results"]) == 105
