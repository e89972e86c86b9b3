"""The failures that a report shows first, and their clusters with advice for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.failures.near_equal import Seen, merge
from batchdrain.failures.suffix import fit
from batchdrain.model.failure import Failure
from batchdrain.reports.beside import Beside
from batchdrain.runtime.text import agree, count_of
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of, paths_of

SHOWN: Final = 10
REASON_CHARS: Final = 300
NOT_BY_CLUSTER: Final = (
    "The table may hold other failure texts than these: `inv clusters` lists the clusters that --cluster takes."
)
"""Shown in place of commands if the reasons of the session need not be in the table."""
REFUSED: Final = (
    "The table did not take these failure texts and still holds earlier ones: `inv doctor` tries what a drain writes."
)
"""Shown in place of commands if no reason of the cluster was written to the table, so that --cluster would find nothing."""
ACCEPTED: Final = "Accepted: drains skip these phases."
"""Shown in place of commands if nothing is left to do."""
_TRIED_AGAIN: Final = frozenset({"transient", "timeout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstFailure:
    """A failed phase that is shown first."""

    result: Result
    cluster: str  #: '' if the earlier program stored no fingerprint
    log: str | None  #: the path as shown; None if there is no log

    @property
    def reason(self) -> str:
        """The shortened failure text. How the command ended stays at its end."""
        return fit(self.result.error_message or "", REASON_CHARS)

    @property
    def took(self) -> str:
        """'3.0 s, try 2'; '' if it was not measured."""
        parts = [] if self.result.duration_s is None else [to_seconds(self.result.duration_s)]
        if (self.result.attempt or 0) > 1:
            parts.append(f"try {self.result.attempt}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCluster:
    """The failures of one session that have one fingerprint, or nearly equal ones."""

    id: str  #: of the most frequent fingerprint
    count: int
    fingerprint: str  #: the most frequent one
    members: tuple[str, ...]  #: all its fingerprints, the most frequent first
    category: str  #: the category of its results; '' if it has no results any more
    accepted: int  #: how many of its phases an acceptance covers now
    drain: str  #: the command that tries it again; '' if it would find nothing
    accept: str  #: the command that accepts it; '' likewise
    instead: str  #: what to say where there are no commands; '' if there are

    @property
    def advice(self) -> str:
        """Says when running `drain` makes sense."""
        return "Try again" if self.category in _TRIED_AGAIN else "Once fixed"

    @property
    def said_of_members(self) -> str:
        """' (12 alike)' for several fingerprints, else ''."""
        return f" ({len(self.members)} alike)" if len(self.members) > 1 else ""

    @property
    def said_of_accepted(self) -> str:
        """' (accepted)', ' (2 accepted)', or ''."""
        if not self.accepted:
            return ""
        return " (accepted)" if self.accepted >= self.count else f" ({self.accepted} accepted)"


def find_worst(session: Session, saved_to: str, clusters: Sequence[FailedCluster]) -> list[WorstFailure]:
    """At most SHOWN failed results: the first one of each cluster, the most frequent cluster first, then the second one of
    each, and so on. `saved_to`: as for the report; `clusters`: as `clusters_of` gives them. Logs are shown below the folder of
    the session's file."""
    by_cluster = dict[str, list[Result]]()
    first_of = {alike: one.fingerprint for one in clusters for alike in one.members}
    sizes = {one.fingerprint: one.count for one in clusters}
    for result in session.results:
        if not result.success:  # the earlier program stored no fingerprint
            alike = first_of.get(result.fingerprint or "", result.fingerprint)
            of = by_cluster.setdefault(alike or result.error_message or "", [])
            if len(of) < SHOWN:
                of.append(result)
    by_size = [by_cluster[alike] for alike in sorted(by_cluster, key=lambda alike: -sizes.get(alike, 0))]
    found = [result for rank in zip_longest(*by_size) for result in rank if result is not None]
    return [_of(session, saved_to, result) for result in found[:SHOWN]]


def clusters_of(session: Session, beside: Beside) -> list[FailedCluster]:
    """The clusters of the session for people, the most frequent first: nearly equal fingerprints are one cluster."""
    results = _by_fingerprint(session)
    seen = (
        Seen(fingerprint=alike, category=_category_of(results.get(alike, ())), count=count)
        for alike, count in session.fingerprint_counts.items()
        if count
    )
    merged = (tuple(one.fingerprint for one in members) for members in merge(seen))
    found = [_cluster_of(session, members, results, beside) for members in merged]
    return sorted(found, key=lambda one: (-one.count, one.fingerprint))


def fingerprints_of(session: Session, beside: Beside) -> list[FailedCluster]:
    """The same for programs: each fingerprint apart."""
    results = _by_fingerprint(session)
    found = sorted(session.fingerprint_counts.items(), key=lambda item: (-item[1], item[0]))
    return [_cluster_of(session, (alike,), results, beside) for alike, count in found if count]


def _by_fingerprint(session: Session) -> dict[str, list[Result]]:
    found = dict[str, list[Result]]()
    for result in session.results:
        if not result.success and result.fingerprint:
            found.setdefault(result.fingerprint, []).append(result)
    return found


def _category_of(results: Sequence[Result]) -> str:
    return results[-1].category or "" if results else ""


def describe_waiting(session: Session, clusters: Sequence[FailedCluster]) -> str:
    """How many failed phases are in no cluster yet, because they will be tried again; '' if there are none. `clusters`: the clusters
    that are shown before this."""
    if not (waiting := session.retries_waiting):
        return ""
    who = f"{waiting} more" if clusters else count_of(waiting, "failed phase")
    return f"{who} {agree(waiting, 'waits', 'wait')} for a retry"


def _cluster_of(
    session: Session, members: tuple[str, ...], by_fingerprint: Mapping[str, Sequence[Result]], beside: Beside
) -> FailedCluster:
    names = ",".join(map(cluster_id_of, members))
    results = [result for alike in members for result in by_fingerprint.get(alike, ())]
    count = sum(session.fingerprint_counts[alike] for alike in members)
    accepted = sum(_is_accepted(result, beside) for result in results)
    if not beside.table_takes_reasons:
        instead = NOT_BY_CLUSTER
    elif accepted >= count:
        instead = ACCEPTED
    else:
        instead = REFUSED if results and not any(result.is_in_table for result in results) else ""
    return FailedCluster(
        id=cluster_id_of(members[0]),
        count=count,
        fingerprint=members[0],
        members=members,
        category=_category_of(results),
        accepted=accepted,
        drain="" if instead else beside.command("drain", f"--cluster={names}"),
        accept="" if instead else f"{beside.command('accept', f'--cluster={names}')} --reason='…'",
        instead=instead,
    )


def _is_accepted(result: Result, beside: Beside) -> bool:
    """Whether an acceptance covers the failed phase now, by its name, its run or its cluster."""
    if beside.accepted is None or not result.is_in_table:
        return False
    failure = Failure(result.error_message, result.category or "other", result.fingerprint)
    return beside.accepted.skip(result.key, failure) is not None


def _of(session: Session, saved_to: str, result: Result) -> WorstFailure:
    log = to_shown_log(session, saved_to, result.log_path) if result.log_path else None
    return WorstFailure(result=result, cluster=cluster_id_of(result.fingerprint) if result.fingerprint else "", log=log)


def to_seconds(seconds: float) -> str:
    """'0.25 s', '3.0 s', '754 s'."""
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"


def to_shown_log(session: Session, saved_to: str, log_path: str) -> str:
    """The path of a log for people. The folder of a session may have been moved; its logs are still beside its file. A path
    outside any session is returned unchanged."""
    return str(find_log(session, saved_to, log_path) or log_path)


def find_log(session: Session, saved_to: str, log_path: str) -> Path | None:
    """The path of a log, below the folder of the session's file. None if the path belongs to no session, or leaves its
    folder."""
    steps: Sequence[str] = Path(log_path).parts
    for part, path in zip(parts_of(session), paths_of(session, saved_to), strict=False):
        if part.session_id in steps:
            rest = steps[steps.index(part.session_id) :]
            return None if ".." in rest else Path(path).parent.joinpath(*rest)
    return None
