"""What prune says of what goes and what stays: each kind with its count and size, each reason with its cure."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.cli.commands.prune import _render, _to_fields, _to_size
from batchdrain.database.ledger.prune_attempts import OldAttempts
from batchdrain.drain.prune.judge import Judgement, Kept
from batchdrain.drain.prune.plan import SHOWN, PrunePlan
from batchdrain.drain.prune.removal import Pruned
from batchdrain.runtime.trees import TreeSize
from batchdrain.sessions.old_files import SessionFiles


def plan(**kept: int) -> PrunePlan:
    """`kept`: of each reason so many."""
    judge: Any = None
    made = PrunePlan(judge=judge, attempts=OldAttempts(before_ms=0))
    for name, count in kept.items():
        why = Kept[name]
        made.kept[why] = count
        made.kept_ids[why] = [f"{why.name}-{number}" for number in range(min(count, SHOWN))]
    return made


def pruned() -> Pruned:
    found = Pruned()
    found.add_files({"session files": TreeSize(2, 999), "session folders": TreeSize(12, 1000)})
    found.add("attempts", 7)
    found.add("event logs", 0, 5)
    return found


def test_what_goes_is_told_by_kind_with_count_and_size_and_what_stays_by_its_reason() -> None:
    found = pruned()
    found.notes.append("session x stays: it is running now")
    said = [*_render(found, plan(YOUNG=2, RESUMABLE=4), "the sessions named", None, is_dry=True)]
    assert said == [
        "Would remove the sessions named:",
        "  session files            2     999 B",
        "  session folders         12    1.0 kB  logs, spool and lock",
        "  attempts                 7         -  of phases that are complete or gone; their statistics stay",
        "Kept: 4 sessions to be resumed (`inv resume` continues it, `inv resume --close` ends it)",
        "  RESUMABLE-0", "  RESUMABLE-1", "  RESUMABLE-2", "  and 1 more (--format=json names them)",
        "Kept: 2 sessions not old enough",
        "session x stays: it is running now",
    ]  # fmt: skip
    for kind in ("session records", "chain records", "group records"):
        found.add(kind, 1)
    found.add_files(
        {"files kept aside": TreeSize(1, 12), "triage folders": TreeSize(1, 3_400_000), "event logs": TreeSize(1, 0)}
    )
    said = [*_render(found, plan(), "X", None, is_dry=False)]
    assert (said[0], said[2], said[4:6], said[7:]) == (
        "Removed X:",
        "  event logs               1       0 B",
        ["  files kept aside         1      12 B  sessions that could not be read", "  triage folders           1    3.4 MB"],
        [
            "  session records          1         -  in the ledger; such a session can't be rebuilt any more",
            "  chain records            1         -  in the ledger: what `drain-all` was asked to do",
            "  group records            1         -  in the ledger: what the drains of a --group share",
            "session x stays: it is running now",
        ],
    )
    assert [*_render(Pruned(), plan(), "X", None, is_dry=True)] == ["Nothing to prune of X."]


@pytest.mark.parametrize(
    ("why", "cure"),
    [
        (Kept.RUNNING, ""), (Kept.YOUNG, ""), (Kept.HOLDING, "`inv recover` releases what dead controllers held"),
        (Kept.RESUMABLE, "`inv resume` continues it, `inv resume --close` ends it"),
        (Kept.ELSEWHERE, "prune them from there, or name one (--session-id)"),
        (Kept.UNREADABLE, "name one (--session-id) to remove it anyway"),
        (Kept.SPOOLED, "name one (--session-id) to remove it anyway"),
    ],
)  # fmt: skip
def test_what_stays_is_named_with_its_cure_where_there_is_one(why: Kept, cure: str) -> None:
    said = [*_render(Pruned(), plan(**{why.name: 1}), "X", None, is_dry=True)][1:]
    assert said == ([f"Kept: 1 session {why} ({cure})", f"  {why.name}-0"] if cure else [f"Kept: 1 session {why}"])
    three = [*_render(Pruned(), plan(**{why.name: 3}), "X", None, is_dry=True)]
    assert not any(line.startswith("  and ") for line in three)


def test_programs_read_every_kind_and_up_to_20_names_of_each_reason() -> None:
    made = plan(HOLDING=30)
    made.sessions.append(Judgement(files=SessionFiles("gone"), why=None))
    found = pruned()
    found.problems.append("x: busy")
    fields = _to_fields(found, made, "2026-01-01T00:00:00Z", is_dry=False)
    assert {name: fields[name] for name in ("dry_run", "before", "sessions", "notes", "problems")} == {
        "dry_run": False, "before": "2026-01-01T00:00:00Z", "sessions": ["gone"], "notes": [], "problems": ["x: busy"],
    }  # fmt: skip
    assert [(one["kind"], one["count"], one["bytes"]) for one in fields["kinds"]] == [
        ("session files", 2, 999), ("event logs", 0, 0), ("session folders", 12, 1000), ("files kept aside", 0, 0),
        ("triage folders", 0, 0), ("attempts", 7, None), ("session records", 0, None), ("chain records", 0, None), ("group records", 0, None),
    ]  # fmt: skip
    [kept] = fields["kept"]
    assert (kept["why"], kept["count"], len(kept["sessions"])) == ("holding phases", 30, 20)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_900, "999.9 kB"), (1_000_000, "1.0 MB"), (3_400_000, "3.4 MB"),
        (2_500_000_000, "2.5 GB"), (1_000_000_000_000, "1.0 TB"), (5_000_000_000_000_000, "5000.0 TB"),
    ],
)  # fmt: skip
def test_a_size_is_told_in_the_unit_that_it_is_large_in(size: int, shown: str) -> None:
    assert _to_size(size) == shown
