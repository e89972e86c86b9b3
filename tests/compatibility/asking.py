"""What is asked of the project that bd1f117 left, and how answers are compared: each is kept in data/said.json."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.compatibility.placing import Left

TRIED = "what was tried once is left out"
TRIED_ENOUGH = {"INVOKE_BATCHDRAIN_STOP_MAX_ATTEMPTS_PER_PHASE": "1"}
ASKED: list[tuple[str, ...]] = [
    ("sessions",),
    ("sessions", "--format=json"),
    ("summary",),
    ("clusters",),
    ("clusters", "--format=json"),
    ("clusters", "--run-id=broken-1", "--top=1"),
    ("hint",),
    ("accept",),
    ("list-run-counts",),
    ("list-run-counts", "--format=json"),
    ("list-run-counts", "--format=text"),
    ("pick-next-run",),
    ("pick-next-run", "--state=failed", "--format=json"),
    ("dry-run", "--explain", "--batch-size=100"),
    ("dry-run", "--explain", "--include-quarantined", "--triage", "--run-id=cursed-1"),
    ("dry-run", "--format=json", "--batch-size=8"),
    ("dry-run", "--plan=PLAN.json", "--explain"),
    ("dry-run", "--resume"),
    ("dry-run", "--category=transient", "--category=collection"),
    ("dry-run", "--cluster=e3b0c44298", "--exclude-run=legacy-*"),
    ("--dry", "drain", "--batch-size=3", "--policy=fewest-failures"),
    *(("dry-run", f"--policy={policy}", "--batch-size=100") for policy in ("best-yield", "sample-first", "run-order", "smart")),
    *(("dry-run", f"--profile={profile}", "--batch-size=5") for profile in ("conservative", "triage", "throughput")),
    *(("summary", f"--session-id=<{name}>", f"--format={shape}")
      for name in ("complete", "odd", "timed_out", "stopped", "interrupted", "planned", "queued", "queued_interrupted", "retrying",
                   "lost", "lost_interrupted", "cursed_1", "held")
      for shape in ("text", "json", "markdown")),
]  # fmt: skip
"""`<name>` stands for the id of a session of the story."""


def key(argv: tuple[str, ...]) -> str:
    return " ".join(argv)


def answers(left: Left) -> Iterator[tuple[str, list[str]]]:
    """Everything that is asked, and the lines of its answer."""
    for argv in ASKED:
        yield key(argv), answer(left, argv)
    yield TRIED, explain_rows(left, **TRIED_ENOUGH)


def explain_rows(left: Left, **env: str) -> list[str]:
    """Why each phase is taken, or left out, with these variables."""
    return plain(left, left.work.inv("dry-run", "--explain", "--batch-size=100", env=env).out)


def answer(left: Left, argv: tuple[str, ...]) -> list[str]:
    named = [re.sub(r"<(\w+)>", lambda found: left.sessions[found[1]], word) for word in argv]
    return plain(left, left.say(*named))


def plain(left: Left, text: str) -> list[str]:
    """The lines, without what differs from one place and moment to another."""
    text = text.replace(str(left.work.root), "<root>")
    text = re.sub(r"its lease ended \d+ s ago", "its lease ended <n> s ago", text)
    text = re.sub(r'("lease_left_s": )-?[\d.]+', r"\1-1", text)
    text = re.sub(r'("made_at": )"[^"]*"', r'\1"<now>"', text)
    return text.splitlines()


def lacks(now: object, then: object, place: str = "") -> list[str]:
    """Where `now` has not all that `then` had: more fields are no loss."""
    if isinstance(then, dict) and isinstance(now, dict):
        gone = [f"{place}.{name}: is gone" for name in then if name not in now]
        return gone + [line for name in then if name in now for line in lacks(now[name], then[name], f"{place}.{name}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [
            line for number, pair in enumerate(zip(now, then, strict=True)) for line in lacks(*pair, f"{place}[{number}]")
        ]
    return [] if now == then else [f"{place}: was {then!r}, is {now!r}"]
