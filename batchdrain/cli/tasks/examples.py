"""Examples of each task that work as they stand; its help ends with them. Each line fits into a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "drain": (
        ("--batch-size=25 --min-success-rate=0.8", "a nightly job: exit 0 from 80 % on"),
        ("--run-id='build*' --category=transient", "what may go away by itself"),
        ("--canary --max-total-minutes=30", "a first look at a big cluster"),
        ("--plan=plan.json", "exactly what `dry-run --output` wrote"),
    ),
    "resume": (
        ("", "the newest session that is left"),
        ("--session-id=batch-drain-20251228-120000 --close", "close a session whose process died"),
    ),
    "dry-run": (
        ("--batch-size=25 --explain", "each phase with its one reason"),
        ("--run-id='build*' --output=plan.json", "for `drain --plan`"),
    ),
    "drain-queued": (("--run-id=build130 --batch-size=20", "batch after batch, until none is left"),),
    "chain-with-queued": (("--run-id=build130 --stop-on-first-failure", "one run, whole"),),
    "drain-all": (("--queued-batch-size=20 --batch-size=50", "queued run by run, then failed"),),
    "summary": (
        ("--format=json", "the newest session, for programs"),
        ("--format=html --output=report.html", "a page; it needs the extra `report`"),
    ),
    "sessions": (("--top=5", "the newest five"), ("--all --format=json", "every one, for programs")),
    "events": (
        ("--follow", "what happens now, until the session ends"),
        ("--format=json | grep phase.finished", "results, for programs"),
    ),
    "status": (("--watch", "again and again, until nothing runs"),),
    "stop": (
        ("--reason='we need the machine'", "what runs may end"),
        ("--now", "running commands are ended, their phases released"),
    ),
    "pause": (("--reason='the service is down'", "nothing is claimed until `continue`"),),
    "continue": (("", "the session that is paused"),),
    "pick-next-run": (("--state=failed", "run_id<TAB>run_type, or nothing"),),
    "list-run-counts": (("--format=text", "as a table"),),
    "clusters": (("--top=5", "what most phases failed with"), ("--run-id='build*' --format=json", "for programs")),
    "hint": (
        ("--run-id='build*' --priority=10 --reason='release on Friday'", "first"),
        ("--run-id='build*' --clear", "as before"),
    ),
    "accept": (
        ("--run-id=build130 --reason='waits for release 2' --until=7d", "a week"),
        ("--cluster=0f3a9c1b7e --reason=known", "all that failed alike"),
        ("", "what is accepted"),
    ),
    "explain": (
        ("--run-id=build130 --phase-id=phase-2-tests", "its attempts, and what the next drain does with it"),
        ("", "how many failed phases there are of each kind"),
    ),
    "reopen": (
        ("--run-id=build130 --reason='the disk is fixed'", "its phases are tried again"),
        ("", "what is left out so"),
    ),
    "triage": (("--limit=50 --workers=4", "verdicts for the next 50 phases"),),
    "recover": (("", "after a crash, where no drain is to begin"),),
    "prune": (
        ("--older-than=30d", "what would be removed"),
        ("--older-than=30d --yes", "it goes"),
    ),
    "doctor": (("", "before the first drain, and after each change"),),
    "init": (
        ("--database-url=sqlite:///work.db --table=phases", ""),
        ("--yes", "ask nothing, accept the guesses"),
    ),
    "demo": (("--phases=500 --seed=3", "a larger backlog, another one"),),
}  # fmt: skip
"""By task: the flags of each example, and what it is for."""


def to_help(says: str, task: str, mount: str) -> str:
    """What `inv --help` prints of a task. `says`: its first line; `mount`: the prefix of our tasks' names, as 'backlog.'."""
    calls = [(f"inv {mount}{task} {flags}".rstrip(), what) for flags, what in EXAMPLES[task]]
    lines = [line for call, what in calls for line in ([f"  # {what}"] if what else []) + [f"  {call}"]]
    return "\n".join([says, "", "Examples:", *lines])
