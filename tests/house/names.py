"""What nothing may be called any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.house.source import Bound, Module, package

CLASS: Final = frozenset({"class"})
ROOM: Final = frozenset({"class", "module"})
VALUE: Final = frozenset({"variable", "parameter", "field"})
HANDED: Final = frozenset({"parameter", "field"})
FUNCTION: Final = frozenset({"function"})
EVERYTHING: Final = ROOM | VALUE | FUNCTION


@dataclass(frozen=True, slots=True)
class Retired:
    """A name that the table of HOUSE.md retired: in which roles, below which folder, and what is said instead."""

    names: str
    roles: frozenset[str]
    instead: str
    below: str = "batchdrain/"


RETIRED: Final = (
    # Poetry: in no role at all.
    Retired("went", EVERYTHING, "SessionOutcome, outcome"),
    Retired("heart", EVERYTHING, "Heartbeat, heartbeat"),
    Retired("books", EVERYTHING, "Recorder, recorder"),
    Retired("ahead", EVERYTHING, "TriageLookahead, lookahead"),
    Retired("supply", EVERYTHING, "Backlog, backlog"),
    Retired("intake", EVERYTHING, "LaneBuilder, builder"),
    Retired("sofar", EVERYTHING, "SessionProgress, progress"),
    Retired("standing", ROOM | VALUE, "RowState, row_state"),  # as a function it is a bare participle
    Retired("weather", EVERYTHING, "CircuitBreaker, breaker"),
    Retired("shelf", EVERYTHING, "LaneBuffer, buffer"),
    Retired("lessons learnt tally", EVERYTHING, "RetryStats, stats, counts"),
    Retired("site", EVERYTHING, "Project or Store"),
    Retired("intent", EVERYTHING, "DrainRequest, request"),
    Retired("guardhouse", EVERYTHING, "GuardianServer"),
    Retired("duty", EVERYTHING, "GuardianOrder"),
    Retired("census", EVERYTHING, "cluster_counts"),
    Retired("scales", EVERYTHING, "BalanceCount"),
    Retired("noting", EVERYTHING, "a method of Session"),
    Retired("troubles", EVERYTHING, "driver_errors"),
    Retired("refusals", EVERYTHING, "fallbacks"),
    Retired("rehearsal", EVERYTHING, "dry_write"),
    Retired("remains aftermath", EVERYTHING, "orphans"),
    Retired("abroad", EVERYTHING, "network_disk"),
    Retired("interrupts", EVERYTHING, "Shutdown, shutdown"),
    # Words that are good English elsewhere: only in the role, or in the wing, in which they stood for something else.
    Retired("go", EVERYTHING, "run_session"),
    Retired("outlast", FUNCTION, "DatabaseOutage.retry"),
    Retired("heed", FUNCTION, "apply", "batchdrain/drain/"),
    Retired("heed", FUNCTION, "apply", "batchdrain/planning/"),
    Retired("look leave", FUNCTION, "submit, cancel", "batchdrain/drain/triage/"),
    Retired("is_bad", FUNCTION, "is_open"),
    Retired("is_doubtful", FUNCTION, "is_suspect"),
    Retired("versions", FUNCTION, "fallbacks", "batchdrain/database/"),
    Retired("slots", ROOM, "Workers"),
    Retired("slots", FUNCTION | HANDED, "permits, workers", "batchdrain/drain/"),  # a screen has a line for each slot
    Retired("parts", ROOM, "its collaborators"),
    Retired("parts", FUNCTION | HANDED, "its collaborators", "batchdrain/drain/"),  # a chain has parts
    Retired("late", CLASS, "nothing: it is gone"),
    Retired("outage", ROOM, "DatabaseOutage"),
    Retired("try", CLASS, "ScheduledAttempt"),
    Retired("post", ROOM | VALUE, "GuardianPool, pool"),
    Retired("guard", ROOM, "GuardianClient"),  # a guard of a write is a condition
    Retired("mounts host tree saying finding opening edge", frozenset({"module"}), "what HOUSE.md has in their place"),
)
POETRY: Final = frozenset(
    {"heart", "weather", "sofar", "guardhouse", "shelf", "intake", "aftermath", "rehearsal", "census", "troubles", "outlast"}
)
"""Retired also as a part of a longer name: `heart_thread`, `WeatherError`."""
ONE_HOME: Final = {"Project": "batchdrain/drain/project.py", "Backlog": "batchdrain/planning/backlog.py"}
"""These had two meanings. Each has one now, and a class so named stands in its file."""
PARTICIPLES: Final = frozenset(
    {"told", "said_of", "kept", "opened", "closed", "rendered", "described", "rehearsed", "standing", "explained"}
)
SAY_NOTHING: Final = frozenset({"word", "mark", "said"})
"""A state's text, a fingerprint, and anything."""
EMPTY_ROOMS: Final = frozenset(
    {
        "util",
        "utils",
        "common",
        "helper",
        "helpers",
        "base",
        "misc",
        "shared",
        "manager",
        "managers",
        "controller",
        "controllers",
    }
)


def retired(root: Path) -> list[str]:
    return [breach for module in package(root).values() for one in module.bound for breach in _retired(module, one)]


def participles(root: Path) -> list[str]:
    """A function is a verb, or is_…, to_…, …_of."""
    return _all_named(root, FUNCTION, PARTICIPLES, "functions", "a verb, is_…, to_… or …_of")


def empty_names(root: Path) -> list[str]:
    """Properties are read as fields are, so functions count too."""
    return _all_named(root, VALUE | FUNCTION, SAY_NOTHING, "names of values", "the name of what it is")


def rooms_that_say_nothing(root: Path) -> list[str]:
    """Modules and folders; a class may not end so either."""
    found = []
    for module in package(root).values():
        words = set(module.name.split(".")[1:]) & EMPTY_ROOMS
        found += [f"{module.path}:1: rooms: allowed the name of their noun, found {word}" for word in sorted(words)]
        for one in module.bound:
            if one.role == "class" and _words(one.name)[-1] in EMPTY_ROOMS:
                found.append(f"{module.path}:{one.line}: classes: allowed the name of their noun, found {one.name}")
    return found


def _all_named(root: Path, roles: frozenset[str], names: frozenset[str], what: str, allowed: str) -> list[str]:
    return [
        f"{module.path}:{one.line}: {what}: allowed {allowed}, found {one.role} {one.name}"
        for module in package(root).values()
        for one in module.bound
        if one.role in roles and one.name.strip("_").lower() in names
    ]


def _retired(module: Module, one: Bound) -> Iterator[str]:
    """At most one breach."""
    plain = one.name.strip("_").lower()
    for old in _RETIRED_BY_NAME.get(plain, ()):
        if one.role in old.roles and module.path.startswith(old.below):
            yield f"{module.path}:{one.line}: retired names: allowed {old.instead}, found {one.role} {one.name}"
            return
    if "_" in plain or one.role == "class":
        for word in POETRY.intersection(_words(one.name)):
            yield f"{module.path}:{one.line}: retired names: allowed no {word} in it, found {one.role} {one.name}"
            return
    home = ONE_HOME.get(one.name) if one.role == "class" else None
    if home not in {None, module.path}:
        yield f"{module.path}:{one.line}: retired names: allowed a class {one.name} in {home}, found one here"


@cache
def _words(name: str) -> list[str]:
    """`HeartThread` and `heart_thread` alike: heart, thread."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)] or [""]


_RETIRED_BY_NAME: Final[dict[str, list[Retired]]] = {}
for _old in RETIRED:
    for _name in _old.names.split():
        _RETIRED_BY_NAME.setdefault(_name, []).append(_old)
