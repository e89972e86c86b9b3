"""Each line and each field that `inv reopen` says of phases in quarantine and of verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.cli.commands import reopen as reopening
from batchdrain.cli.commands.reopen import ReopenFlags, reopen
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.reopening import HELD
from batchdrain.execution.process_identity import identify_self
from batchdrain.failures.fingerprints import VERSION, cluster_id_of, fingerprint
from batchdrain.model.errors import UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.runtime import clock
from tests.cli.called import invocation_of, json_of, lines_of
from tests.support.opened import hold, opened
from tests.support.two_tables import age_notes
from tests.support.workplace import Workplace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DISK = "no space left on device"
CLUSTER = cluster_id_of(fingerprint(DISK))
THRICE = "quarantined: orphaned 3 times in a row"
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def place(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """`a/q` and `ab/q` are in quarantine, and of `a/v` a diagnosis said that it is hopeless, of `c/w` that it is to wait."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    for name, value in (("getpass.getuser", "ann"), ("socket.gethostname", "box")):
        monkeypatch.setattr(f"batchdrain.database.ledger.notes.{name}", lambda value=value: value)
    place = sqlite_project
    place.fail("a/q", "a/v", reason="other")
    place.fail("ab/q", reason=DISK)
    place.fail("c/w", "c/ok", reason="other")
    with opened(place) as project:
        for name in ("a/q", "ab/q"):
            hold(project, name)
        place.sql("UPDATE batchdrain_claim SET orphan_count = 3, owner = NULL")
        place.sql("UPDATE phases SET state = 'FAILED'")
        for run, phase, kind in (("a", "v", VerdictKind.HOPELESS), ("c", "w", VerdictKind.WAIT), ("c", "ok", VerdictKind.PROMISING)):  # fmt: skip
            key = PhaseKey(run, phase)
            said = Verdict(
                key=key, kind=kind, reason="so it is", until=NOON + timedelta(days=1), fingerprint=fingerprint("other"),
                attempts=0, version=VERSION, example="other",
            )  # fmt: skip
            Notes(project.store.database, project.store.ledger).write(NoteKind.VERDICT, {key.digest: said.to_note})
    return place


def told(place: Workplace, capsys: Capsys, *, dry: bool = False, code: int = 0, **flags: Any) -> list[str]:
    assert reopen(invocation_of(place, dry=dry), ReopenFlags(**flags)) == code
    return lines_of(capsys)


def refused(place: Workplace, **flags: Any) -> str:
    with pytest.raises(UsageError) as caught:
        reopen(invocation_of(place), ReopenFlags(**flags))
    return str(caught.value)


ALL = [
    f"  a / q ({THRICE})",
    "  a / v (hopeless: so it is)",
    f"  ab / q ({THRICE})",
    "  c / w (wait until 2026-03-02T12:00:00Z: so it is)",
]


def test_what_can_be_reopened_is_listed_for_people_up_to_a_hundred_and_as_json(
    place: Workplace, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, *listed = told(place, capsys)
    assert head.startswith("4 phases can be reopened in sqlite:///")
    assert listed == ALL
    monkeypatch.setattr(reopening, "_LISTED", 3)
    assert told(place, capsys)[1:] == [*ALL[:3], "  and 1 more (--format=json names all)"]
    assert reopen(invocation_of(place), ReopenFlags(format="json")) == 0
    found = json_of(capsys)
    assert [(one["run_id"], one["phase_id"]) for one in found["can_be_reopened"]] == [("a", "q"), ("a", "v"), ("ab", "q"), ("c", "w")]  # fmt: skip
    assert found["can_be_reopened"][0] == {
        "run_id": "a", "phase_id": "q", "lifted": [THRICE], "problem": None, "still_left_out_by": None,
    }  # fmt: skip
    assert len(found["said"]) == 5
    place.sql("DELETE FROM phases WHERE phase_id <> 'q' OR run_id = 'ab'")
    assert told(place, capsys)[0].startswith("1 phase can be reopened in ")
    place.sql("DELETE FROM phases")
    [none] = told(place, capsys)
    assert none.startswith("No phase is skipped by a quarantine or a diagnosis in sqlite:///")


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({"run_id": "a"}, ["a / q", "a / v"]), ({"run_id": "a*"}, ["a / q", "a / v", "ab / q"]), ({"run_id": "?"}, ["a / q", "a / v", "c / w"]),
        ({"run_id": "a", "phase_id": "v"}, ["a / v"]), ({"cluster": [CLUSTER]}, ["ab / q"]), ({"cluster": ["0" * 10, CLUSTER]}, ["ab / q"]),
    ],
)  # fmt: skip
def test_a_run_a_phase_a_glob_or_a_cluster_is_reopened_and_nothing_else(
    place: Workplace, capsys: Capsys, flags: dict[str, Any], names: list[str]
) -> None:
    was = {line.strip().partition(" (")[0]: line.strip().partition(" (")[2] for line in ALL}
    assert told(place, capsys, dry=True, reason="x", **flags) == [f"Would reopen: {one} (was {was[one]}" for one in names]
    assert told(place, capsys)[1:] == ALL, "a dry run lifts nothing"
    assert told(place, capsys, reason="x", **flags) == [f"Reopened: {one} (was {was[one]}" for one in names]
    assert list(told(place, capsys)[1:]) == [line for line in ALL if line.strip().partition(" (")[0] not in names]


def test_what_was_reopened_is_told_as_json_and_what_still_leaves_it_out(place: Workplace, capsys: Capsys) -> None:
    with opened(place) as project:
        Notes(project.store.database, project.store.ledger).write(
            NoteKind.ACCEPTED, {'["a", null, null]': {"run_id": "a", "reason": "known"}}
        )
    age_notes(place)
    still = "accepted: known (ann@box)"
    assert told(place, capsys, dry=True, run_id="a", phase_id="v", reason="x") == [
        "Would reopen: a / v (was hopeless: so it is)",
        "  ! its verdict is of an earlier batchdrain, and applies to every table of the ledger",
        f"  ! it is still skipped: {still}",
    ]
    assert reopen(invocation_of(place), ReopenFlags(run_id="a", reason="x", format="json")) == 0
    found = json_of(capsys)
    fields = {"run_id": "a", "problem": None, "still_left_out_by": still}
    assert found["is_dry"] is False
    assert found["reopened"] == [
        {**fields, "phase_id": "q", "lifted": [THRICE], "of_every_table": False},
        {**fields, "phase_id": "v", "lifted": ["hopeless: so it is"], "of_every_table": True},
    ]
    assert "  ! its verdict was of an earlier batchdrain, and applied to every table of the ledger" in found["said"]


def test_what_is_held_stays_and_the_code_says_so_as_long_as_one_does(place: Workplace, capsys: Capsys) -> None:
    with opened(place) as project:
        hold(project, "a/q", by=identify_self())
        place.sql("UPDATE batchdrain_claim SET orphan_count = 3")
        place.sql("UPDATE phases SET state = 'FAILED'")
    assert told(place, capsys, run_id="a", reason="x", code=75) == [
        f"Not changed: a / q: {HELD}",
        "Reopened: a / v (was hopeless: so it is)",
    ]
    assert reopen(invocation_of(place, dry=True), ReopenFlags(run_id="a", reason="x", format="json")) == 75
    found = json_of(capsys)
    assert (found["is_dry"], [one["problem"] for one in found["reopened"]]) == (True, [HELD])


def test_whoever_asks_for_what_is_open_or_is_not_there_is_told_which(place: Workplace, capsys: Capsys) -> None:
    no = "neither a quarantine nor a diagnosis skips it"
    assert refused(place, run_id="c", phase_id="ok", reason="x") == f"--run-id=c --phase-id=ok: {no}"
    assert refused(place, run_id="b", reason="x").startswith("--run-id=b: there is no such run (did you mean 'ab'?)")
    assert refused(place, run_id="b", phase_id="q", reason="x") == "--run-id=b: there is no such run (did you mean 'ab'?)"
    assert refused(place, run_id="a", phase_id="z", reason="x") == "--phase-id=z: run a has no such phase"
    assert refused(place, cluster=["0" * 10, "1" * 10], reason="x") == f"--cluster={'0' * 10},{'1' * 10}: {no}"
    assert refused(place, run_id="zz*", reason="x") == f"--run-id=zz*: {no}"
    told(place, capsys, run_id="a", reason="x")
    assert refused(place, run_id="a", reason="x") == f"--run-id=a: {no}"
    again = f"--run-id=a --phase-id=q: {no}; ann@box reopened it on 2026-03-01T12:00:00Z"
    assert refused(place, run_id="a", phase_id="q", reason="x") == again


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ({"cluster": ["x"], "run_id": "a", "reason": "x"}, "--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id"),
        ({"cluster": ["x"], "phase_id": "a", "reason": "x"}, "--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id"),
        ({"phase_id": "a", "reason": "x"}, "--phase-id: identifies no phase without --run-id; name its run too, with --run-id"),
        ({"reason": "x"}, "--run-id: is required, or --cluster; name the run or the cluster to reopen"),
        ({"run_id": "a"}, "--reason: is required; say why it may be tried again"),
        ({"cluster": ["x"]}, "--reason: is required; say why it may be tried again"),
    ],
)  # fmt: skip
def test_reopen_says_which_flag_is_wrong(sqlite_project: Workplace, flags: dict[str, Any], why: str) -> None:
    assert refused(sqlite_project, **flags) == why
