"""Examples of each task that work as they stand; its help ends with them. Each line fits into a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "drain": (
        ("--batch-size=25 --min-success-rate=0.8", "a nightly job: it passes if 80 % succeed"),
        ("--run-id='build*' --category=transient", "failures that may be gone by now"),
        ("--canary --max-total-minutes=30", "a first look at a big cluster"),
        ("--plan=plan.json", "exactly the phases that `dry-run --output` wrote"),
    ),
    "resume": (
        ("", "continue the newest incomplete session"),
        ("--session-id=batch-drain-20251228-120000 --close", "close a session whose process died"),
    ),
    "dry-run": (
        ("--batch-size=25 --explain", "each phase with its reason, chosen or skipped"),
        ("--run-id='build*' --output=plan.json", "make a plan for `drain --plan`"),
    ),
    "drain-queued": (("--run-id=build130 --batch-size=20", "batch after batch, until none is left"),),
    "chain-with-queued": (("--run-id=build130 --stop-on-first-failure", "one run, queued phases first"),),
    "drain-all": (("--queued-batch-size=20 --batch-size=50", "all queued phases, then 50 failed ones"),),
    "summary": (
        ("--format=json", "the newest session, for programs"),
        ("--format=html --output=report.html", "a page for people; needs the extra `report`"),
    ),
    "sessions": (("--top=5", "the newest five"), ("--all --format=json", "all sessions, for programs")),
    "events": (
        ("--follow", "new events too, until the session ends"),
        ("--format=json | grep phase.finished", "only the results, for programs"),
    ),
    "status": (("--watch", "repeat it until nothing runs"),),
    "stop": (
        ("--reason='we need the machine'", "start nothing more; running commands may finish"),
        ("--now", "end the running commands, release their phases"),
    ),
    "pause": (("--reason='the service is down'", "nothing is claimed until `continue`"),),
    "continue": (("", "end the pause"),),
    "pick-next-run": (("--state=failed", "prints run_id<TAB>run_type, or nothing"),),
    "list-run-counts": (("--format=text", "as a table"),),
    "clusters": (("--top=5", "the five most frequent failures"), ("--run-id='build*' --format=json", "for programs")),
    "hint": (
        ("--run-id='build*' --priority=10 --reason='release on Friday'", "drain these runs first"),
        ("--run-id='build*' --clear", "remove the hint"),
    ),
    "accept": (
        ("--run-id=build130 --reason='waits for release 2' --until=7d", "skip this run for a week"),
        ("--cluster=0f3a9c1b7e --reason=known", "skip all phases of a cluster"),
        ("", "list the acceptances"),
    ),
    "explain": (
        ("--run-id=build130 --phase-id=phase-2-tests", "the attempts of a phase, and what the next drain does"),
        ("", "count all failed phases by what became of them"),
    ),
    "reopen": (
        ("--run-id=build130 --reason='the disk is fixed'", "try the phases of this run again"),
        ("", "list what can be reopened"),
    ),
    "triage": (("--limit=50 --workers=4", "diagnose the next 50 phases"),),
    "recover": (("", "after a crash, without starting a drain"),),
    "prune": (
        ("--older-than=30d", "show what would be removed"),
        ("--older-than=30d --yes", "remove it"),
    ),
    "doctor": (("", "before the first drain, and after each change"),),
    "init": (
        ("--database-url=sqlite:///work.db --table=phases", ""),
        ("--yes", "ask nothing, accept the guesses"),
    ),
    "demo": (("--phases=500 --seed=3", "a larger backlog, and a different one"),),
}  # fmt: skip
"""By task: the flags of each example, and what it is for."""


def to_help(says: str, task: str, mount: str) -> str:
    """What `inv --help` prints of a task. `says`: its first line; `mount`: the prefix of our tasks' names, as 'backlog.'."""
    calls = [(f"inv {mount}{task} {flags}".rstrip(), what) for flags, what in EXAMPLES[task]]
    lines = [line for call, what in calls for line in ([f"  # {what}"] if what else []) + [f"  {call}"]]
    return "\n".join([says, "", "Examples:", *lines])
