"""An engine with fewer slots than workers are asked for: what waits for one costs nothing, and keeps nothing from being executed."""

from __future__ import annotations

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

NARROW = """
from concurrent.futures import ThreadPoolExecutor


class Narrow(ThreadPoolExecutor):
    def capacity(self):
        return 1


def pool(*, workers, settings):
    return Narrow(1)
"""


@fault(120)
@pytest.mark.everyday("sqlite")
def test_what_waits_for_a_slot_longer_than_a_lease_goes_back_uncounted_again_and_again_and_is_executed_once(
    project: Workplace,
) -> None:
    (project.root / "narrow.py").write_text(NARROW)
    witness = watched(
        project, "a/p~until=go", "b/p~ms=1", "c/p~ms=1",
        engine="narrow:pool", lease={"ttl_s": 4.0, "beat_s": 1.0, "margin_s": 0.5},
    )  # fmt: skip
    drain = project.start("drain", "--workers=3", env={"PYTHONPATH": str(project.root)})
    started(witness, 1)
    gone_back = "SELECT 1 FROM batchdrain_attempt WHERE outcome = 'not_started'"
    wait_for(lambda: len(project.sql(gone_back)) >= 4, "two phases to go back twice")
    (project.root / "go").touch()
    out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))

    assert (drain.returncode, "Traceback" in err) == (0, False), (out, err)
    assert "The engine has 1 slot now, and 3 workers are asked for: what waits for a slot is held" in out
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql("SELECT attempt FROM batchdrain_attempt WHERE outcome = 'complete'") == [(1,)] * 3
    assert [seen.word for seen in witnessed(witness)].count("start") == 3
    assert violations(project, witness, out) == []
