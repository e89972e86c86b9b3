"""The file of a plan: what is written of a plan is what `drain --plan` reads, and what is no plan is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.model.claim import Choice, TimeLimit
from batchdrain.model.errors import BadData, FilesUnavailable, UsageError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning import plan_file
from batchdrain.planning.plan import Plan, Planned
from batchdrain.planning.plan_file import PlanFile, PlannedPhase
from batchdrain.planning.remainder import Remainder
from batchdrain.runtime import files
from tests.planning.backlogs import NOW
from tests.planning.test_plan_backlog import FILE

BOOM = Failure.of("boom", categorise)


def planned(phase_id: str, failure: Failure) -> Planned:
    phase = Phase(run_id="r", phase_id=phase_id, phase_index=3, state=PhaseState.FAILED, failure=failure)
    return Planned(choice=Choice(phase=phase, reason="it is first"), limit=TimeLimit(seconds=90.0, rule="timeout.default_s"))


def made() -> PlanFile:
    plan = Plan(phases=(planned("b", BOOM),), retries=(planned("a", Failure(None, "unknown")),), remainder=Remainder(total=2))
    return plan_file.as_file(plan, now=NOW, database={"url": "x"}, filters={"run_id": "r"}, without_effect=["--category"])


def test_a_plan_is_read_as_it_was_written_with_its_retries_first(tmp_path: Path) -> None:
    path = tmp_path / "PLAN.json"
    plan_file.save(path, made())
    found = plan_file.load(path)
    assert found == made()
    assert (found.schema_version, found.made_at, found.database, found.filters, found.without_effect) == (
        1, "2026-01-01T00:00:00Z", {"url": "x"}, {"run_id": "r"}, ["--category"],
    )  # fmt: skip
    again, first = found.phases
    assert again.model_dump() == {
        "run_id": "r", "phase_id": "a", "phase_index": 3, "category": "unknown", "fingerprint": "", "fingerprint_version": VERSION,
        "example": "", "cluster": "", "reason": "it is first", "timeout_s": 90.0, "limit": "timeout.default_s",
    }  # fmt: skip
    assert (first.phase_id, first.category, first.fingerprint, first.example, first.cluster) == (
        "b", "other", "boom", "boom", cluster_id_of("boom"),
    )  # fmt: skip


def test_a_planned_phase_is_the_same_while_it_fails_in_the_same_way() -> None:
    again, first = made().phases
    other = Failure.of("connection reset by peer", categorise)
    assert [first.is_of(one) for one in (BOOM, other, Failure(None, "unknown"))] == [True, False, False]
    assert [again.is_of(one) for one in (BOOM, Failure(None, "unknown"))] == [False, True]


def test_a_plan_that_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit it is refused, since a reader takes less than that."""
    text = plan_file.render(made())
    for largest, is_written in ((len(text), False), (len(text) + 1, True)):
        monkeypatch.setattr(plan_file, "LARGEST", largest)
        path = tmp_path / f"{largest}.json"
        if is_written:
            plan_file.save(path, made())
            assert path.read_bytes() == text + b"\n"
            continue
        with pytest.raises(UsageError) as caught:
            plan_file.save(path, made())
        assert str(caught.value) == (
            f"--output: a plan of 2 phases has {len(text)} bytes, more than `inv drain --plan` reads; plan fewer with --batch-size"
        )
        assert not path.exists()


def test_a_plan_is_written_with_the_facts_that_it_is_given_and_not_at_all_where_it_is_only_tried(tmp_path: Path) -> None:
    text = json.dumps({**json.loads(plan_file.render(made())), "skipped": [{"rule": "x"}]}).encode()
    plan_file.save(tmp_path / "PLAN.json", made(), text, dry=True)
    assert list(tmp_path.iterdir()) == []
    plan_file.save(tmp_path / "PLAN.json", made(), text)
    assert "skipped" in json.loads((tmp_path / "PLAN.json").read_text())
    assert plan_file.load(tmp_path / "PLAN.json") == made()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("torn", r"is no plan: the whole: "),
        ({"phases": 5}, r"is no plan: phases: "),
        (
            {"phases": [{"run_id": 7, "phase_id": "p", "category": "x", "fingerprint": "", "reason": ""}]},
            r"phases\.0\.run_id: ",
        ),
        ({"schema_version": "1"}, r"is no plan: schema_version: "),
        ({"schema_version": 2}, r"schema_version 2 is newer; upgrade batchdrain"),
    ],
    ids=["torn", "no list", "a number as an id", "no number", "newer"],
)
def test_what_is_no_plan_says_where(change: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "PLAN.json"
    path.write_text(change if isinstance(change, str) else json.dumps({**FILE, **change}))
    with pytest.raises(BadData, match=message) as caught:
        plan_file.load(path)
    assert str(caught.value).startswith(f"--plan: {path}")
    assert caught.value.remedy == ("upgrade batchdrain" if "newer" in message else "make it with `inv dry-run --output`")


def test_a_plan_that_is_not_there_is_a_wrong_flag_and_one_that_is_too_large_is_bad_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "PLAN.json"
    with pytest.raises(
        UsageError, match=r"^--plan: .*PLAN\.json: No such file or directory; make it with `inv dry-run --output`$"
    ):
        plan_file.load(path)
    path.write_text(json.dumps(FILE))
    assert plan_file.load(path).phases == []
    monkeypatch.setattr(plan_file, "LARGEST", path.stat().st_size - 1)
    with pytest.raises(BadData) as caught:
        plan_file.load(path)
    assert (caught.value.message[: len(f"--plan: {path} ")], caught.value.remedy) == (
        f"--plan: {path} ", "make it with `inv dry-run --output`",
    )  # fmt: skip


def test_what_people_read_of_a_phase_is_cut_and_what_is_compared_is_not_made_up(tmp_path: Path) -> None:
    one = {"run_id": "r", "phase_id": "p", "category": "other", "fingerprint": "boom", "reason": "x" * 3_000}
    path = tmp_path / "PLAN.json"
    path.write_text(json.dumps({**FILE, "phases": [one]}))
    [found] = plan_file.load(path).phases
    assert (len(found.reason), found.fingerprint_version, found.phase_index, found.timeout_s) == (2_000, 1, None, 0.0)


def test_a_plan_is_written_for_people(tmp_path: Path) -> None:
    text = plan_file.render(made()).decode()
    assert text.startswith('{\n  "schema_version": 1,\n  "made_at": "2026-01-01T00:00:00Z",')
    assert (plan_file.SCHEMA_VERSION, plan_file.LARGEST) == (1, files.LARGEST // 2)
    with pytest.raises(FilesUnavailable, match=r"^--output: "):
        plan_file.save(tmp_path / "none" / "PLAN.json", made())


def test_a_plan_of_todays_rules_without_an_example_is_compared_by_its_fingerprint() -> None:
    failure = Failure.uncategorised("deployment web-app failed")
    for version, is_of in ((VERSION, True), (1, False)):
        one = PlannedPhase(
            run_id="r",
            phase_id="p",
            category="other",
            fingerprint=failure.fingerprint,
            fingerprint_version=version,
            reason="",
        )
        assert one.is_of(failure) is is_of
