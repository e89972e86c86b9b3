"""A dry run explains the rows from which it chose: what happens to them meanwhile changes no line."""

from __future__ import annotations

from batchdrain.drain.preview.dry_plan import make_dry_plan
from batchdrain.drain.request import DrainRequest
from batchdrain.planning.filters import Filters
from batchdrain.planning.reading import Reasons
from batchdrain.sessions.session import Kind
from tests.database.bench import Bench


def _told(reasons: Reasons) -> dict[str, str]:
    return {
        f"{row.run_id}/{row.phase_id}": "" if skip is None else skip.rule
        for page, skips in reasons
        for row, skip in zip(page.rows, skips, strict=True)
    }


def test_a_dry_run_explains_the_rows_that_it_chose_from_and_a_run_as_it_is_now(bench: Bench) -> None:
    bench.work.add(("a", "1", 1, "FAILED", "boom"), ("a", "2", 2, "FAILED", None), ("b", "1", 1, "FAILED", "boom"))
    request = DrainRequest(kind=Kind.FAILED, filters=Filters.of(run_id="a"), settings=bench.project.settings)

    found = make_dry_plan(bench.project, request, None, explains=True)
    bench.work.sql("UPDATE phases SET state = 'COMPLETE' WHERE phase_id = '1'")

    assert found.made.total == 3
    assert _told(found.reasons("a")) == {"a/2": ""}
    assert _told(found.reasons(None)) == {"a/1": "", "a/2": "", "b/1": "--run-id"}
    assert _told(found.reasons(None)) == {"a/2": ""}  # what was kept is told once
    assert _told(make_dry_plan(bench.project, request, None).reasons(None)) == {"a/2": ""}
