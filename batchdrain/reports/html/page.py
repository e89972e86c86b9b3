"""The HTML page: one file with the whole summary of a drain. It loads nothing from anywhere else. Nothing in a row of the
table can become an element, an address or a script in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from batchdrain.model.errors import UsageError
from batchdrain.reports.beside import Beside
from batchdrain.reports.html.balance_bar import balance_bar
from batchdrain.reports.html.cells import cut_for_page
from batchdrain.reports.html.cluster_cards import show_clusters
from batchdrain.reports.html.durations import durations_of
from batchdrain.reports.html.first_lines import facts_of, judge, totals_of
from batchdrain.reports.html.phase_rows import MOST, OnPage, rows_of, to_shown_id
from batchdrain.reports.html.timeline import timeline_of
from batchdrain.reports.skip_list import skips_of
from batchdrain.reports.worst import clusters_of, to_seconds
from batchdrain.runtime.clock import to_shown
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import balances_of, parts_of, paths_of

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER: Final = Path(__file__).parent
_CLUSTERS: Final = 40
_RUNS: Final = 50
_LINE: Final = (400, 600)
_SKIPS: Final = 50


def render(session: Session, saved_to: str, beside: Beside) -> str:
    """The whole page. Raises UsageError if jinja2 is not installed."""
    return _template().render(_to_view(session, saved_to, beside))


def _to_view(session: Session, saved_to: str, beside: Beside) -> dict[str, Any]:
    all_clusters = clusters_of(session, beside)
    clusters = [*show_clusters(session, saved_to, beside, all_clusters[:_CLUSTERS])]
    shown = {alike: OnPage(one.anchor, one.text) for one in clusters for alike in one.of.members}
    by_run = rows_of(session, saved_to, beside.folder, shown)
    rows = [row for of in by_run.values() for row in of]
    runs = sorted(session.by_run().items(), key=lambda item: (item[1][0] - item[1][1], item[0]))
    skips = [(phases, rule, cut_for_page(values, *_LINE)) for phases, rule, values in skips_of(session)]
    return {
        "verdict": judge(session),
        "ids": [part.session_id for part in parts_of(session)],
        "status": session.current_status.value,
        "started": to_shown(session.started_at),
        "completed": to_shown(session.completed_at) if session.completed_at else "",
        "facts": [(name, cut_for_page(value, *_LINE)) for name, value in facts_of(session, beside) if value],
        "commands": [beside.goes_on] if beside.goes_on else [],
        "totals": totals_of(session),
        "balances": [balance_bar(part, balance) for part, balance in balances_of(session)],
        "clusters": clusters,
        "more_clusters": len(all_clusters) - len(clusters),
        "skips": skips[:_SKIPS],
        "idle": [cut_for_page(line, *_LINE) for line in session.without_effect[:_SKIPS]],
        "timeline": timeline_of(beside.attempts),
        "durations": durations_of(beside.attempts),
        "runs": [(to_shown_id(name), succeeded, count) for name, (succeeded, count) in runs[:_RUNS]],
        "more_runs": max(0, len(runs) - _RUNS),
        "phases": [(to_shown_id(run), of) for run, of in by_run.items()],
        "kinds": sorted({row.result for row in rows}),
        "unlinked": sum(row.failed and not row.link for row in rows) if any(row.link for row in rows) else 0,
        "more_rows": max(0, len(session.results) - MOST),
        "saved_to": paths_of(session, saved_to),
        "seconds": to_seconds,
    }


@cache
def _template() -> Template:
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise UsageError(
            "--format=html: jinja2 is not installed", remedy="pip install '/path/to/batchdrain[report]'"
        ) from error

    def show(value: object) -> object:
        return safe_text(value, limit=None) if isinstance(value, str) and not isinstance(value, Markup) else value

    style, script = (_read(name) for name in ("style.css", "script.js"))
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    environment = jinja2.Environment(
        autoescape=True, finalize=show, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    constants: Mapping[str, object] = {
        "style": Markup(style),  # noqa: S704  # nosec B704 - a file of ours
        "script": Markup(script),  # noqa: S704  # nosec B704 - the same
        "policy": Markup(policy),  # noqa: S704  # nosec B704 - of names and hashes
    }
    return environment.from_string(_read("template.html"), globals=dict(constants))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The hash by which a content security policy names the content of an element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
