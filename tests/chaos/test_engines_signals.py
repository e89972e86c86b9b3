"""An engine may set signal handlers of its own, as Ray does when it is imported and when it connects: ours stand all the same."""

from __future__ import annotations

import signal

import pytest

from tests.chaos.checker import violations
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace

pytestmark = pytest.mark.everyday("sqlite")

LEAVES = """
import signal, sys
from concurrent.futures import ThreadPoolExecutor


def leave(*_):
    sys.exit(15)


def set_handlers():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)


set_handlers()


def pool(*, workers, settings):
    set_handlers()
    return ThreadPoolExecutor(workers)
"""


@pytest.mark.parametrize("task", ["drain", "drain-all"])
def test_a_drain_ends_by_its_own_handler_whichever_its_engine_sets(sqlite_project: Workplace, task: str) -> None:
    project = sqlite_project
    (project.root / "leaves.py").write_text(LEAVES)
    witness = watched(project, "a/p~until=go", engine="leaves:pool")
    drain = project.start(task, env={"PYTHONPATH": str(project.root)})
    started(witness, 1)
    drain.send_signal(signal.SIGTERM)
    out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))

    assert (drain.returncode, "Traceback" in err) == (128 + signal.SIGTERM, False), (out, err)
    assert "Stopped because: SIGTERM\n" in out
    assert list(project.states().values()) == ["FAILED"]
    assert violations(project, witness, out) == []
