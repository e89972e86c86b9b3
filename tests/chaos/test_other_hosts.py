"""What the doctor says of a claim whose controller is on another machine: it can be judged by its lease alone, and what is said
to be done about it helps."""

from __future__ import annotations

import signal

from tests.chaos.test_controllers import LONG, lease_is_over
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace

ELSEWHERE = "UPDATE batchdrain_claim SET host_id = 'another-boot:1' WHERE owner IS NOT NULL"


def held_elsewhere(project: Workplace) -> list[str]:
    return [line for line in project.inv("doctor").lines if "held now: " in line]


def test_a_living_controller_of_another_machine_is_shown_and_is_nothing_to_worry_about(project: Workplace) -> None:
    witness = watched(project, "a/p~hang", lease=LONG)
    drain = project.start("drain")
    started(witness, 1)
    project.sql(ELSEWHERE)

    [line] = held_elsewhere(project)
    recovered = project.inv("recover")

    drain.send_signal(signal.SIGTERM)
    drain.communicate(timeout=DEADLINE_S)
    assert line.startswith("ok   claims: held now: a / p~hang: attempt 1, process "), line
    assert " is of another machine; its lease lasts " in line
    assert line.endswith(" s: if it died, `inv recover` releases it there at once, and here after that"), line
    assert "0 recovered, 1 still held." in recovered.lines
    assert project.inv("doctor").lines[-1] == "All is well."


def test_a_dead_controller_of_another_machine_becomes_a_warning_once_its_lease_is_over_and_the_cure_works(
    project: Workplace,
) -> None:
    witness = watched(project, "a/p~hang", lease=LONG)
    drain = project.start("drain")
    started(witness, 1)
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    project.fail("b/q")  # one that the doctor can try its writes on
    project.sql(ELSEWHERE)

    [early] = held_elsewhere(project)
    lease_is_over(project)
    looked = project.inv("doctor")
    [late] = [line for line in looked.lines if "held now: " in line]

    assert early.startswith("ok   claims: "), early
    assert (late.startswith("warn claims: "), looked.code, looked.lines[-1]) == (True, 0, "1 warning found."), looked
    assert late.endswith(" s ago: `inv recover` releases it"), late
    assert "1 recovered, 0 still held." in project.inv("recover").lines
    assert project.inv("doctor").lines[-1] == "All is well."
