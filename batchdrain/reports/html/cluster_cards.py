"""The clusters on the page, each with one example phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.reports.beside import Beside
from batchdrain.reports.html.cells import cut_for_page
from batchdrain.reports.html.phase_rows import link_to, to_shown_id
from batchdrain.reports.worst import FailedCluster
from batchdrain.runtime.text import count_of
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session

_REASON: Final = (600, 800)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCluster:
    """A cluster with one example phase, as the page shows it."""

    anchor: str
    of: FailedCluster
    reason: str
    text: str  #: the whole failure text of the example, unescaped
    run: str
    phase: str
    link: str
    runs: int
    before: str  #: what retries have achieved; '' if that was not read


def show_clusters(
    session: Session, saved_to: str, beside: Beside, clusters: Sequence[FailedCluster]
) -> Iterator[ShownCluster]:
    """The clusters, each with its first phase as the example."""
    first_of = {alike: one.fingerprint for one in clusters for alike in one.members}
    first, runs = dict[str, Result](), dict[str, set[str]]()
    for result in session.results:
        if not result.success and (alike := first_of.get(result.fingerprint or "")):
            first.setdefault(alike, result)
            runs.setdefault(alike, set()).add(result.run_id)
    for number, one in enumerate(clusters, 1):
        example = first.get(one.fingerprint)
        yield ShownCluster(
            anchor=f"c{number}",
            of=one,
            reason=cut_for_page((example.error_message if example else "") or one.fingerprint, *_REASON),
            text=(example.error_message if example else "") or "",
            run=to_shown_id(example.run_id) if example else "",
            phase=to_shown_id(example.phase_id) if example else "",
            link=link_to(session, saved_to, beside.folder, example) if example else "",
            runs=len(runs.get(one.fingerprint, ())),
            before=_tell_retries(beside, one),
        )


def _tell_retries(beside: Beside, one: FailedCluster) -> str:
    if beside.retries is None:
        return ""
    known = [found for alike in one.members if (found := beside.retries.get(alike)) is not None]
    tried, fixed = sum(found.tried for found in known), sum(found.fixed for found in known)
    if not tried:
        return "No retry of it is known."
    return f"{count_of(tried, 'retry', 'retries')} of it in all sessions: {fixed} succeeded."
