"""A cluster of dask that grows and shrinks with what there is to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import watched
from tests.support.dask_cluster import end_tree, hide_batchdrain
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

SCRIPT = Path(__file__).parents[1] / "support" / "adaptive_cluster.py"
LEASE = {"ttl_s": 60.0, "beat_s": 0.5, "margin_s": 0.5}


class Adaptive:
    """One in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._read()

    def allow(self, most: int) -> int:
        """From now on there may be so many workers. Returns how many there are, once they are no more."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{most}\n")
        self._process.stdin.flush()
        return int(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, "the cluster has ended"
        return line


@contextmanager
def adaptive(folder: Path) -> Iterator[Adaptive]:
    env = hide_batchdrain(folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, SCRIPT],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Adaptive(process)
    finally:
        end_tree(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@fault(118)
@pytest.mark.timeout(300)  # its workers are processes that start, four times
def test_a_cluster_that_goes_to_no_worker_and_back_loses_doubles_and_fails_nothing(
    project: Workplace, tmp_path: Path
) -> None:
    """It begins without any: the first order brings the first one."""
    names = [f"r{number}/p~ms=200" for number in range(30)]
    witness = watched(project, *names)
    with adaptive(tmp_path / "cluster") as found:
        project.configure(
            engine="dask", engine_options={"address": found.address, "shares_files": False, "connect_s": 5}, lease=LEASE
        )
        drain = project.start("drain", "--workers=4", f"--batch-size={len(names)}")
        wait_for(lambda: sum(seen.word == "end" for seen in witnessed(witness)) >= 10, "a third of the phases to be executed")
        left = found.allow(0)
        done = sum(seen.word == "end" for seen in witnessed(witness))
        found.allow(2)
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))

    assert (left, done < len(names)) == (0, True)
    assert (drain.returncode, "Traceback" in err) == (0, False), (out, err)
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql("SELECT DISTINCT outcome FROM batchdrain_attempt WHERE outcome <> 'not_started'") == [("complete",)]
    assert violations(project, witness, out) == []
