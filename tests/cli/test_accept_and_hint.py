"""Each line and each field that `inv accept` and `inv hint` say, on one backlog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.cli.commands.accept import AcceptFlags, accept
from batchdrain.cli.commands.hint import HintFlags, hint
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.errors import UsageError
from batchdrain.runtime import clock
from tests.cli.called import invocation_of, json_of, lines_of
from tests.support.opened import opened
from tests.support.two_tables import age_notes
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
DISK = "no space left on device"
CLUSTER = cluster_id_of(fingerprint(DISK))
NOON = datetime(2026, 3, 1, 12, 0, 30, 250_000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
Capsys = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    for name in ("batchdrain.database.ledger.notes.getpass.getuser", "batchdrain.database.ledger.notes.socket.gethostname"):
        monkeypatch.setattr(name, lambda name=name: "ann" if "getuser" in name else "box")


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    place = sqlite_project
    place.fail("a/p", "a/q", reason=DISK)
    place.fail("ab/p", reason="other")
    place.add(("c", "p", 0, "QUEUED", None))
    return place


def where(place: Workplace) -> str:
    with opened(place, with_ledger=False) as project:
        return project.store.where


def told(place: Workplace, capsys: Capsys, task: Any, flags: Any, *, dry: bool = False) -> list[str]:
    task(invocation_of(place, dry=dry), flags)
    return lines_of(capsys)


def refused(place: Workplace, task: Any, flags: Any) -> str:
    with pytest.raises(UsageError) as caught:
        task(invocation_of(place), flags)
    return str(caught.value)


def test_accept_tells_what_is_accepted_until_when_and_how_many_failed_phases_that_is(
    place: Workplace, capsys: Capsys
) -> None:
    def said(dry: bool = False, **flags: Any) -> list[str]:
        return told(place, capsys, accept, AcceptFlags(reason="why", **flags), dry=dry)

    assert said(run_id="a") == ["Accepted: run a (2 failed phases now)"]
    assert said(run_id="a", phase_id="p") == ["Accepted: phase a / p (1 failed phase now)"]
    assert said(run_id="c") == ["Accepted: run c (no failed phase now)"]
    assert said(run_id="a*", until=LATER) == ["Accepted: run a* until 2026-03-02T12:00:00Z (3 failed phases now)"]
    assert said(run_id="z*") == [
        "Accepted: run z* (no failed phase now)",
        "  ! --run-id=z*: no run matches it; `inv list-run-counts` lists the runs",
    ]
    assert said(cluster=[CLUSTER]) == [f"Accepted: cluster {CLUSTER} (2 failed phases now)"]
    assert said(run_id="ab", dry=True) == ["Would accept: run ab (1 failed phase now)"]
    assert told(place, capsys, accept, AcceptFlags()) == [
        f"Accepted in {where(place)}:",
        f"  cluster {CLUSTER}: {fingerprint(DISK)}",
        "      why (ann@box, 2026-03-01)",
        "  phase a / p",
        "      why (ann@box, 2026-03-01)",
        "  run a",
        "      why (ann@box, 2026-03-01)",
        "  run a*",
        "      why (ann@box, 2026-03-01, until 2026-03-02T12:00:00Z)",
        "  run c",
        "      why (ann@box, 2026-03-01)",
        "  run z*",
        "      why (ann@box, 2026-03-01)",
    ]


def test_accept_tells_as_json_what_it_kept_and_lists(
    place: Workplace, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"run_id": None, "phase_id": None, "cluster": CLUSTER, "reason": "why", "until": "2026-03-02T12:00:00Z"}
    for dry in (True, False):
        flags = AcceptFlags(cluster=[CLUSTER], reason="why", until=LATER, format="json")
        accept(invocation_of(place, dry=dry), flags)
        found = json_of(capsys)
        assert (found["accepted"], found["phases"], found["kept"], len(found["said"])) == ([fields], 2, not dry, 1)
    accept(invocation_of(place), AcceptFlags(run_id="a", phase_id="p", reason="x", until=NOON))
    lines_of(capsys)
    accept(invocation_of(place), AcceptFlags(format="json"))
    of_phase = {"run_id": "a", "phase_id": "p", "cluster": None, "reason": "x", "until": "2026-03-01T12:00:30.250000Z"}
    more = {"by": "ann@box", "at": "2026-03-01T12:00:30.250000Z", "of_every_table": False}
    assert sorted(json_of(capsys)["accepted"], key=lambda one: str(one["run_id"])) == [
        {**fields, **more, "is_void": False}, {**of_phase, **more, "is_void": True},
    ]  # fmt: skip
    [over] = [line for line in told(place, capsys, accept, AcceptFlags()) if "EXPIRED" in line]
    assert over == "      x (ann@box, 2026-03-01, EXPIRED 2026-03-01T12:00:30Z)"
    assert told(place, capsys, accept, AcceptFlags())[-1] == over, "what is over comes last"
    monkeypatch.setattr(clock, "now", lambda: LATER)
    age_notes(place)
    accept(invocation_of(place), AcceptFlags(format="json"))
    assert [(one["is_void"], one["of_every_table"]) for one in json_of(capsys)["accepted"]] == [(True, True)] * 2


def test_an_acceptance_that_is_taken_back_is_told_with_what_still_holds(place: Workplace, capsys: Capsys) -> None:
    subjects: list[dict[str, Any]] = [{"run_id": "a"}, {"run_id": "a", "phase_id": "p"}, {"cluster": [CLUSTER]}]
    for flags in subjects:
        accept(invocation_of(place), AcceptFlags(reason=f"of {len(flags)}", **flags))
    lines_of(capsys)

    def said(dry: bool = False, **flags: Any) -> list[str]:
        return told(place, capsys, accept, AcceptFlags(clear=True, **flags), dry=dry)

    assert said(dry=True, run_id="a", phase_id="p") == [
        "Would no longer be accepted: phase a / p", "  ! another acceptance still applies: of 1 (ann@box)",
    ]  # fmt: skip
    assert said(run_id="a", phase_id="p") == [
        "No longer accepted: phase a / p",
        "  ! another acceptance still applies: of 1 (ann@box)",
    ]
    assert refused(place, accept, AcceptFlags(clear=True, run_id="a", phase_id="p")) == (
        f"accept --clear: phase a / p is not accepted (known: cluster {CLUSTER}, run a)"
    )
    assert refused(place, accept, AcceptFlags(clear=True, run_id="ab")) == (
        "accept --clear: run ab is not accepted (did you mean 'run a'?)"
    )
    age_notes(place)
    assert said(dry=True, cluster=[CLUSTER]) == [
        f"Would no longer be accepted: cluster {CLUSTER}",
        "  ! it is of an earlier batchdrain, and applies to every table of the ledger",
    ]
    accept(invocation_of(place), AcceptFlags(clear=True, cluster=[CLUSTER], format="json"))
    found = json_of(capsys)
    name = f"cluster {CLUSTER}"
    assert (found["taken_back"], found["of_every_table"], found["is_dry"]) == ([name], [name], False)
    assert found["said"][1] == "  ! it was of an earlier batchdrain, and applied to every table of the ledger"
    assert said(run_id="a")[0] == "No longer accepted: run a"
    assert told(place, capsys, accept, AcceptFlags()) == [f"Nothing is accepted in {where(place)}."]
    accept(invocation_of(place), AcceptFlags(format="json"))
    assert json_of(capsys) == {"accepted": [], "said": [f"Nothing is accepted in {where(place)}."]}


@on(
    ("flags", "why"),
    [
        ({"run_id": "a", "clear": True, "reason": "x"}, "--clear: removes an acceptance, so it cannot be combined with --reason or --until"),
        ({"run_id": "a", "clear": True, "until": LATER}, "--clear: removes an acceptance, so it cannot be combined with --reason or --until"),
        ({"clear": True}, "--run-id: is required, or --cluster; name the run or the cluster to accept"),
        ({"reason": "x"}, "--run-id: is required, or --cluster; name the run or the cluster to accept"),
        ({"until": LATER}, "--run-id: is required, or --cluster; name the run or the cluster to accept"),
        ({"run_id": "a"}, "--reason: is required; say why this failure is known"),
        ({"cluster": ["x"], "run_id": "a", "reason": "x"}, "--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id"),
        ({"cluster": ["x"], "phase_id": "a", "reason": "x"}, "--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id"),
        ({"phase_id": "a", "reason": "x"}, "--phase-id: identifies no phase without --run-id; name its run too, with --run-id"),
        ({"run_id": "b", "reason": "x"}, "--run-id=b: there is no such run (did you mean 'ab'?); a glob also covers runs that come later"),
        ({"run_id": "a", "phase_id": "z", "reason": "x"}, "--phase-id=z: run a has no such phase"),
        ({"run_id": "b", "phase_id": "p", "reason": "x"}, "--run-id=b: there is no such run (did you mean 'ab'?)"),
        ({"cluster": ["0123456789ab"], "reason": "x"},
         "--cluster=0123456789ab: no phase fails with it, and no drain has seen it; `inv clusters` shows the ids"),
    ],
)  # fmt: skip
def test_accept_says_which_flag_is_wrong(place: Workplace, flags: dict[str, Any], why: str) -> None:
    assert refused(place, accept, AcceptFlags(**flags)) == why
    assert place.sql("SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%'") == []


def test_a_glob_that_is_the_name_of_a_run_means_that_run_alone(place: Workplace, capsys: Capsys) -> None:
    place.fail("[a]/p")
    assert told(place, capsys, accept, AcceptFlags(run_id="[a]", reason="x")) == ["Accepted: run [[]a] (1 failed phase now)"]
    assert told(place, capsys, hint, HintFlags(run_id="[a]", priority=1)) == [
        "Kept: runs that match [[]a] have priority +1 (1 run now)"
    ]
    assert told(place, capsys, hint, HintFlags(run_id="[a]", clear=True)) == ["Removed: the hint of [[]a]"]


def test_hint_tells_which_runs_have_which_priority(place: Workplace, capsys: Capsys) -> None:
    def said(dry: bool = False, **flags: Any) -> list[str]:
        return told(place, capsys, hint, HintFlags(**flags), dry=dry)

    assert said() == [f"No hints in {where(place)}."]
    assert said(dry=True, run_id="a*", priority=5) == ["Would keep: runs that match a* have priority +5 (2 runs now)"]
    assert said() == [f"No hints in {where(place)}."]
    assert said(run_id="a*", priority=5, reason="soon") == ["Kept: runs that match a* have priority +5 (2 runs now)"]
    assert said(run_id="a", priority=0) == ["Kept: runs that match a have priority 0 (1 run now)"]
    assert said(run_id="zz*", priority=5) == [
        "Kept: runs that match zz* have priority +5 (no run now)",
        "  ! --run-id=zz*: no run matches it; `inv list-run-counts` lists the runs",
    ]
    assert said(run_id="c", priority=-2) == ["Kept: runs that match c have priority -2 (1 run now)"]
    assert said() == [
        f"Hints in {where(place)}, the highest first; of those that match a run the highest counts:",
        "  +5  a* (2 runs now)", "      soon (ann@box, 2026-03-01)", "  +5  zz* (no run now)", "      (ann@box, 2026-03-01)",
        "  0  a (1 run now)", "      (ann@box, 2026-03-01)", "  -2  c (1 run now)", "      (ann@box, 2026-03-01)",
    ]  # fmt: skip
    assert said(dry=True, run_id="c", clear=True) == ["Would remove: the hint of c"]
    assert said(run_id="c", clear=True) == ["Removed: the hint of c"]
    assert refused(place, hint, HintFlags(run_id="c", clear=True)) == "--run-id: there is no hint of 'c' (known: a, a*, zz*)"
    assert (
        refused(place, hint, HintFlags(run_id="zz", clear=True)) == "--run-id: there is no hint of 'zz' (did you mean 'zz*'?)"
    )
    assert refused(place, hint, HintFlags(run_id="b", priority=1)).startswith(
        "--run-id=b: there is no such run (did you mean 'ab'?)"
    )


def test_hint_tells_the_same_as_json(place: Workplace, capsys: Capsys) -> None:
    def said(dry: bool = False, **flags: Any) -> dict[str, Any]:
        hint(invocation_of(place, dry=dry), HintFlags(format="json", **flags))
        found: dict[str, Any] = json_of(capsys)
        found.pop("said")
        return found

    assert said() == {"hints": []}
    assert said(dry=True, run_id="a", priority=5) == {"run_id": "a", "priority": 5, "kept": False}
    assert said(run_id="a", priority=5, reason="r") == {"run_id": "a", "priority": 5, "kept": True}
    kept = {
        "priority": 5,
        "reason": "r",
        "run_id": "a",
        "by": "ann@box",
        "at": "2026-03-01T12:00:30.250000Z",
        "of_every_table": False,
    }
    assert said() == {"hints": [kept]}
    age_notes(place)
    assert said() == {"hints": [{**kept, "of_every_table": True}]}
    assert said(dry=True, run_id="a", clear=True) == {"run_id": "a", "taken_back": False, "of_every_table": True}
    assert told(place, capsys, hint, HintFlags(run_id="a", clear=True), dry=True)[1:] == [
        "  ! it is of an earlier batchdrain, and applies to every table of the ledger"
    ]
    assert said(run_id="a", clear=True) == {"run_id": "a", "taken_back": True, "of_every_table": True}


def test_a_long_reason_is_cut_where_it_is_listed(place: Workplace, capsys: Capsys) -> None:
    hint(invocation_of(place), HintFlags(run_id="a", priority=1, reason="x" * 3000))
    accept(invocation_of(place), AcceptFlags(run_id="a", reason="y" * 3000))
    accept(invocation_of(place), AcceptFlags(run_id="z" * 900 + "*", reason="y"))
    lines_of(capsys)
    assert max(map(len, told(place, capsys, hint, HintFlags()))) == 6 + 700
    listed = told(place, capsys, accept, AcceptFlags())
    assert [len(line) for line in listed[1:4]] == [7, 6 + 1000, 2 + 500]


@on(
    ("policy", "is_told"),
    [(["hints", "smart"], False), ([{"name": "hints"}], False), (["smart"], True), ([{"name": "smart"}, "untried-first"], True)],
)  # fmt: skip
def test_a_policy_that_looks_at_no_hints_is_told(place: Workplace, capsys: Capsys, policy: list[Any], is_told: bool) -> None:
    place.configure(policy=policy)
    names = ", ".join(one if isinstance(one, str) else one["name"] for one in policy)
    line = f"The configured policy ({names}) ignores hints: put hints first."
    assert (told(place, capsys, hint, HintFlags(run_id="a", priority=1))[1:] == [line]) is is_told
    assert (told(place, capsys, hint, HintFlags())[-1] == line) is is_told
