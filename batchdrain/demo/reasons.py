"""Why the demo's phases failed: sample texts by category, and the category of a text as the worker sees it.

The worker does without batchdrain's own categories: it stands for a team's program, and it must start quickly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "transient": (
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "503 Server Error: Service Unavailable for url: https://artifacts.example.com/v1/uploads/{number}",
        "Error code: 429 - rate limit exceeded, retry after {few} s (request req-{number})",
        "OperationalError: connection to server at 10.0.4.{few}, port 5432 failed: Connection refused",
        'could not obtain lock on relation "builds": lock timeout',
    ),
    "collection": (
        "ModuleNotFoundError: No module named 'app.{area}.{part}'",
        "ImportError while importing test module 'tests/{area}/test_{part}.py'.",
        "ImportError: cannot import name '{part}' from 'app.{area}' (app/{area}/__init__.py)",
        "pytest exited with 2: {few} errors during collection",
    ),
    "deliverable": (
        "Missing 1 required deliverables: app/{area}/{part}.py",
        "Deliverables validation failed: expected output reports/{area}.html was not produced",
        "Artifact dist/{area}-1.{few}.0.tar.gz was not found after the build step",
        "No-op detected: no changes applied but required deliverables missing: ['docs/{area}/{part}.md']",
    ),
    "patch": (
        "error: patch failed: app/{area}/{part}.py:{number}",
        "error: corrupt patch at line {number}",
        "error: app/{area}/{part}.py: patch does not apply",
        "CONFLICT (content): Merge conflict in app/{area}/{part}.py",
        "No-op detected: the builder returned no operations",
    ),
    "timeout": (
        "Phase timed out after {few}00 seconds",
        "subprocess.TimeoutExpired: Command '['make', '{area}']' timed out after {number} seconds",
        "The job running on runner r-{few} has exceeded the maximum execution time of 60 minutes.",
    ),
    "other": (
        "AssertionError: expected {number} rows in {area}, found {few}",
        "jsonschema.exceptions.ValidationError: '{part}' is a required property (line {number}, column {few})",
        "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int' (app/{area}/{part}.py:{number})",
        "Killed: process {number} (python) exceeded the memory limit of 4096 MiB",
        "PermissionError: [Errno 13] Permission denied: 'build/{area}/{part}.lock'",
        "KeyError: '{part}'",
    ),
}
"""Templates; {area} and {part} are words, {number} has two to four digits, {few} is 2 to 9."""

_SIGNS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("timeout", ("timed out", "timeoutexpired", "maximum execution time")),
    ("transient", ("connection reset", "connection refused", "503 server error", "code: 429", "lock timeout")),
    ("collection", ("importerror", "modulenotfounderror", "errors during collection")),
    ("deliverable", ("deliverable", "artifact")),
    ("patch", ("patch", "merge conflict", "no-op detected")),
)


def kind_of(reason: str) -> str:
    """The category of an old reason: unknown when it is empty, other when no sign is found in it."""
    if not reason.strip():
        return "unknown"
    lowered = reason.lower()
    return next((kind for kind, signs in _SIGNS if any(sign in lowered for sign in signs)), "other")


def own_words(reason: str) -> str:
    """An old reason without what batchdrain put behind it, the bracket with the exit code.

    A worker that repeated the bracket would get a second one, and its reason would grow from drain to drain.
    """
    for bracket in (" (exit code ", " [exit ", " [signal "):
        reason = reason.partition(bracket)[0]
    return reason
