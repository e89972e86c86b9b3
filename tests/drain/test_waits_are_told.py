"""Nobody waits for a drain without being told for what, until when, and what to do about it."""

from __future__ import annotations

import re
import signal
from typing import Any

import pytest

import batchdrain.drain.database_outage as outage_module
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.model.errors import DatabaseUnavailable
from tests.support.workplace import Beside, Workplace, ended, read_until, wait_for

pytestmark = pytest.mark.everyday("sqlite")

LEASE = {"ttl_s": 4000, "beat_s": 15, "margin_s": 10}


def started(place: Workplace, *flags: str, runs: int = 1) -> Beside:
    drain = place.start("drain", *flags)
    witness = place.root / "witness.txt"
    wait_for(lambda: witness.exists() and len(witness.read_text().splitlines()) >= runs, "the commands to begin")
    return drain


def heard(place: Workplace, word: str) -> None:
    wait_for(lambda: any(word in log.read_text() for log in place.sessions.glob("**/*.stdout.txt")), word)


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_the_first_signal_says_what_is_waited_for_and_what_the_next_one_does(
    sqlite_project: Workplace, number: signal.Signals, name: str
) -> None:
    sqlite_project.configure(command={"grace_s": 3600}, lease=LEASE)
    sqlite_project.fail("r/p~deaf")
    drain = started(sqlite_project)
    heard(sqlite_project, "is deaf")

    drain.send_signal(number)
    first = read_until(drain, "kills at once")
    drain.send_signal(number)

    assert first.splitlines()[-1] == (
        f"  ! {name}: nothing more is started; r / p~deaf is ended and released, waiting at most 3600 s (command.grace_s); "
        f"{name} again kills at once"
    )
    assert ended(drain)[0] == 128 + number


def test_with_finish_current_the_first_signal_says_which_phases_may_end(sqlite_project: Workplace) -> None:
    sqlite_project.configure(workers=2, timeout={"default_s": 77, "adaptive": False})
    sqlite_project.fail("a/p~until=go", "b/q~until=go")
    drain = started(sqlite_project, "--finish-current", runs=2)

    drain.send_signal(signal.SIGINT)
    printed = read_until(drain, "again kills")
    (sqlite_project.root / "go").touch()

    line = printed.splitlines()[-1]
    assert line.startswith("  ! Ctrl-C: nothing more is started; waiting for ")
    assert all(name in line for name in ("a / p~until=go", "b / q~until=go", "at most 77 s from the beginning"))
    assert ended(drain)[0] == 130


def test_a_signal_to_a_triage_says_what_is_waited_for(sqlite_project: Workplace) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); open('deaf', 'w'); time.sleep(600)"
    sqlite_project.configure(command={"grace_s": 3600}, lease=LEASE, triage={"argv": ["{python}", "-S", "-c", deaf]})
    sqlite_project.fail("r/p")
    triage = sqlite_project.start("triage")
    wait_for((sqlite_project.root / "deaf").exists, "the diagnosis to begin")
    triage.send_signal(signal.SIGINT)
    printed = read_until(triage, "waiting at most")
    triage.send_signal(signal.SIGINT)
    assert printed.splitlines()[-1] == "  ! Ctrl-C: the diagnoses are ended, waiting at most 3600 s (command.grace_s)"
    assert ended(triage)[0] == 130


def test_a_stop_condition_says_what_is_still_waited_for(sqlite_project: Workplace) -> None:
    sqlite_project.configure(workers=2, stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/p~until=go", "b/q~fail")
    drain = started(sqlite_project, runs=2)
    printed = read_until(drain, "waiting for")
    (sqlite_project.root / "go").touch()
    assert printed.splitlines()[-1] == (
        "  ! Nothing more is started, by stop.max_consecutive_failures: 1 failure in a row; waiting for a / p~until=go to end"
    )
    assert ended(drain)[0] == 1


class Hours:
    """A clock that is moved by whoever waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.signal = None
        self.wake = self

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def is_set(self) -> bool:
        return False


def test_an_outage_of_the_database_says_its_sentence_once_and_counts_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, told = Hours(), list[str]()
    monkeypatch.setattr(outage_module, "monotonic", lambda: clock.now)
    shutdown: Any = clock
    outage = DatabaseOutage(100.0, shutdown, told.append)

    def away() -> None:
        raise DatabaseUnavailable("database x: Connection refused")

    for meanwhile in ("the result is saved locally", "the session is not yet closed"):
        with pytest.raises(DatabaseUnavailable):
            outage.retry(away, meanwhile=meanwhile)

    assert told[0] == "database x: Connection refused: the result is saved locally; trying again for 100 s"
    assert [line.split(" after ")[0] for line in told[1:4]] == ["Still unreachable"] * 3
    assert told[4:] == ["The same: the session is not yet closed"]
    outage.retry(lambda: None, meanwhile="")
    with pytest.raises(DatabaseUnavailable):
        outage.retry(away, meanwhile="again")
    assert told[5] == "database x: Connection refused: again", "after its end another outage says all"


def test_a_phase_that_fails_into_an_accepted_cluster_is_said_to_be_known(sqlite_project: Workplace) -> None:
    sqlite_project.fail("old/p~alike", reason="RuntimeError: the shared service is broken")
    cluster = sqlite_project.inv("clusters", "--format=json").json()["clusters"][0]["cluster"]
    sqlite_project.inv("accept", f"--cluster={cluster}", "--reason=the vendor mends it")
    sqlite_project.fail("r/p~alike", "r/q~fail", reason="ValueError: another")
    ran = sqlite_project.inv("drain")
    known = [line for line in ran.lines if "in a known way" in line]
    assert len(known) == 1, ran.out
    assert known[0].startswith("  ! r / p~alike failed in a known way, accepted: the vendor mends it (")


def test_a_stop_from_elsewhere_is_told_as_that_and_not_as_a_signal(sqlite_project: Workplace) -> None:
    sqlite_project.configure(command={"grace_s": 2}, lease={"beat_s": 0.2})
    sqlite_project.fail("r/p~deaf")
    drain = started(sqlite_project)
    heard(sqlite_project, "is deaf")

    assert sqlite_project.inv("stop", "--now", "--reason=too late").code == 0
    line = read_until(drain, "kills at once").splitlines()[-1]
    code, out = ended(drain)

    assert line.startswith("  ! `inv stop --now`, asked by ")
    assert line.endswith(
        ": too late: nothing more is started; r / p~deaf is ended and released, waiting at most 2 s (command.grace_s); "
        "a signal kills at once"
    )
    assert (code, [name for name in ("SIGTERM", "TERM again") if name in out]) == (143, [])
    told = sqlite_project.inv("explain", "--run-id=r", "--phase-id=p~deaf").out
    assert re.search(r"session \S+, which ended by `inv stop --now`, asked by \S+: too late$", told, re.MULTILINE), told
