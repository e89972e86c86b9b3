"""The phases of a session as rows of the HTML page."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from batchdrain.failures.suffix import strip_suffix
from batchdrain.model.phase import PhaseKey
from batchdrain.reports.html.cells import cut_for_page
from batchdrain.reports.worst import find_log
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session

MOST: Final = 1_000
"""At most this many rows, since people open the page and send it."""
_REASON_CHARS: Final = 80
_ID_CHARS: Final = 80
_ID_BYTES: Final = 96
_LINK_BYTES: Final = 240
_ALL_LINKS_BYTES: Final = 14_000
_AS_ITS_CLUSTER: Final = "as its cluster"
"""Stands for a text that the phase's cluster shows already; the page's script puts that text in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRow:
    """The row of one phase."""

    phase: str
    failed: bool
    result: str  #: ok, or the category of its failure
    seconds: str
    attempt: int | None
    reason: str  #: or a mark that the cluster shows the same text
    anchor: str  #: the anchor of its cluster on the page; '' if the page does not show it
    link: str  #: the relative address of its log; '' if there is none, or no room for it


class OnPage(NamedTuple):
    """The anchor of a cluster on the page, and the text that the page shows for it."""

    anchor: str
    text: str


def rows_of(
    session: Session, saved_to: str, folder: Path | None, clusters: Mapping[str, OnPage]
) -> dict[str, list[PhaseRow]]:
    """The rows by run, the run with the most failures first. At most MOST phases, failed ones preferred. `clusters`: by
    fingerprint."""
    runs = session.by_run()
    by_need = sorted(session.results, key=lambda one: (one.success, one.run_id, one.phase_index or 0))[:MOST]
    links = _links_of(session, saved_to, folder, [one for one in by_need if not one.success])
    rows: dict[str, list[PhaseRow]] = {}
    for one in sorted(by_need, key=lambda one: (runs[one.run_id][0] - runs[one.run_id][1], one.run_id)):
        rows.setdefault(one.run_id, []).append(_of(one, clusters.get(one.fingerprint or ""), links.get(one.key, "")))
    return rows


def _links_of(session: Session, saved_to: str, folder: Path | None, failed: Sequence[Result]) -> dict[PhaseKey, str]:
    """As many links as the page has room for: first for one phase of each cluster, then for the second of each, and so on."""
    ranks, ranked = Counter[str](), list[tuple[int, Result]]()
    for one in failed:
        ranks[one.fingerprint or ""] += 1
        ranked.append((ranks[one.fingerprint or ""], one))
    links, size = dict[PhaseKey, str](), 0
    for _, one in sorted(ranked, key=lambda pair: pair[0]):
        address = link_to(session, saved_to, folder, one)
        size += len(address)
        if size > _ALL_LINKS_BYTES:
            break
        links[one.key] = address
    return links


def _of(one: Result, cluster: OnPage | None, link: str) -> PhaseRow:
    failed = not one.success
    reason = _to_reason(one.error_message, cluster) if failed else ""
    return PhaseRow(
        phase=to_shown_id(one.phase_id),
        failed=failed,
        result=cut_for_page(one.category or "failed", _ID_CHARS, _ID_BYTES) if failed else "ok",
        seconds="" if one.duration_s is None else f"{one.duration_s:.1f}",
        attempt=one.attempt,
        reason=reason,
        anchor=cluster.anchor if cluster and failed else "",
        link=link,
    )


def _to_reason(text: str | None, cluster: OnPage | None) -> str:
    if cluster and text and text == cluster.text:
        return _AS_ITS_CLUSTER
    return cut_for_page(strip_suffix(text or ""), _REASON_CHARS, _ID_BYTES)


def to_shown_id(text: str) -> str:
    """The id of a run or a phase; in quotes if it is blank."""
    return cut_for_page(text if text.strip() else f'"{text}"', _ID_CHARS, _ID_BYTES)


def link_to(session: Session, saved_to: str, folder: Path | None, result: Result) -> str:
    """The relative address of its log. '' if the folder of the report is unknown, or if the log does not belong to the
    session."""
    if folder is None or not result.log_path:
        return ""
    log = find_log(session, saved_to, result.log_path)
    if log is None:
        return ""
    address = quote(os.path.relpath(log, folder))
    return address if len(address) <= _LINK_BYTES else ""
