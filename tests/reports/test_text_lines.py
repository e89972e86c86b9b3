"""Lines of the text summary that only some sessions have, and what keeps each of them one line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.planning.forecast import Forecast
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.worst import clusters_of
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.session import Session
from tests.reports.test_worst import failed, session

ODD = "x\n\x1b[31m"
OK: dict[str, Any] = {"success": True, "final_state": "DONE", "fingerprint": None}


def lines_of(found: Session, shape: str = "text") -> list[str]:
    return formats.render_summary(found, "new/s.json", shape, Beside()).splitlines()


def test_the_forecast_stands_in_text_and_page() -> None:
    told = Forecast(planned=3, fixed=2, fixed_low=1, fixed_high=3, minutes=1.0, minutes_low=0.5, minutes_high=2.0)
    results = [{"run_id": "r", "phase_id": name, **OK} for name in "ab"]
    ended: dict[str, Any] = {
        "status": "complete",
        "completed_at": "2025-12-28T13:00:00Z",
        "total_processed": 2,
        "total_success": 2,
    }
    found = session(results, forecast=KeptForecast.of(told).model_dump(), active_s=60.0, **ended)
    said = "1 to 3 of 3 fixed (median 2) in 30 s to 2 min (median 60 s); actual: 2 fixed in 60 s, as forecast"
    assert f"Forecast: {said}" in lines_of(found)
    assert f"| Forecast | {said} |" in lines_of(found, "markdown")


def test_no_text_of_a_session_makes_a_line_of_its_own() -> None:
    asked = {"ask": "pause", "by": ODD, "reason": ODD}
    plain = lines_of(
        session(
            [failed("a", "boom", log_path="x/s/logs/l.txt")],
            without_effect=["x"],
            asked=[{**asked, "by": "x", "reason": "x"}],
        )
    )
    hostile = session([failed("a", ODD, log_path=f"x/s/logs/{ODD}.txt")], without_effect=[ODD], asked=[asked])
    lines = lines_of(hostile)
    assert len(lines) == len(plain)
    assert not any("\x1b" in line for line in lines)
    assert "    Log: new/s/logs/x\\x0a\\x1b[31m.txt" in lines
    assert "  x\\x0a\\x1b[31m" in lines


@pytest.mark.parametrize(("length", "shown"), [(120, 120), (121, 120)])
def test_a_long_kind_of_failures_is_cut(length: int, shown: int) -> None:
    [line] = [line for line in lines_of(session([failed("a", "b" * length)])) if "  1x  " in line]
    assert len(line.partition("  1x  ")[2]) == shown
    assert line.endswith("…") is (length > 120)


def test_what_may_pass_by_itself_is_told_before_what_has_to_be_fixed_whichever_is_larger() -> None:
    results = [failed("a", "reset", category="transient"), failed("b", "reset", category="transient"), failed("c", "disk")]
    lines = [
        line.strip().partition(":")[0]
        for line in lines_of(session(results))
        if line.startswith(("  Try again", "  Once", "  If"))
    ]
    assert lines == ["Try again", "Once fixed", "If it is known"]


def test_only_a_success_with_another_code_than_0_is_an_odd_one() -> None:
    results = [{"run_id": "r", "phase_id": str(code), "exit_code": code, **OK} for code in (0, 3, None)]
    lines = lines_of(session(results))
    at = lines.index("Succeeded by the state that they set, not by their exit code:")
    assert (lines[at + 1], lines[at + 2].startswith("  ")) == ("  r / 3: DONE, exit 3", False)


def test_clusters_come_by_their_size_and_then_by_their_name_with_the_category_of_their_failures() -> None:
    results = [
        failed("a", "b-kind", category="disk"), failed("b", "c-kind", category="transient"), failed("c", "c-kind", category="transient"),
        failed("d", "a-kind", category="other"), {"run_id": "r", "phase_id": "e", **OK, "fingerprint": "b-kind", "category": "transient"},
    ]  # fmt: skip
    found = session(results)
    found.fingerprint_counts.update({"b-kind": 1, "gone": 1, "none": 0})
    assert [(one.fingerprint, one.count, one.category, one.id == cluster_id_of(one.fingerprint)) for one in clusters_of(found, Beside())] == [
        ("c-kind", 2, "transient", True), ("a-kind", 1, "other", True), ("b-kind", 1, "disk", True), ("gone", 1, "", True),
    ]  # fmt: skip


def test_nearly_equal_failures_are_one_cluster_for_people_and_apart_for_programs() -> None:
    texts = [f"duplicate delivery {name} sent parcel * twice refusing to guess" for name in ("alder", "birch", "cedar")]
    found = session([failed(str(number), text) for number, text in enumerate([*texts, texts[1], "disk full"])])
    lines = lines_of(found)
    ids = [cluster_id_of(text) for text in (texts[1], texts[0], texts[2])]
    assert f"  {ids[0]}  4x  {texts[1]} (3 alike)" in lines
    assert f"  Once fixed: inv drain --cluster={','.join(ids)}" in lines
    worst = [line for line in lines[lines.index("Worst failures, one of each cluster first:") :] if line.startswith("  r / ")]
    assert [line.split()[2] for line in worst[:2]] == ["0", "4"], worst
    assert any("3 alike" in line for line in lines_of(found, "markdown"))
    told = json.loads("".join(lines_of(found, "json")))["clusters"]
    assert [one["count"] for one in told] == [2, 1, 1, 1]
