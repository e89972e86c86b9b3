"""The text summary names the worst failures, with reason and log; metrics stand in text, Markdown and JSON alike."""

from __future__ import annotations

import itertools
import json

import pytest

from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.metrics import metrics_of
from batchdrain.reports.worst import ACCEPTED, REFUSED, find_log
from batchdrain.sessions.parse import parse
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of
from tests.sessions.files import HEAD

HEADLINE = "Worst failures, one of each cluster first:"


def failed(phase: str, fingerprint: str | None, **more: object) -> dict[str, object]:
    return {
        "run_id": "r", "phase_id": phase, "success": False, "fingerprint": fingerprint,
        "error_message": f"{fingerprint or phase} at {phase} [exit 4]", **more,
    }  # fmt: skip


def session(results: list[dict[str, object]], name: str = "s", **more: object) -> Session:
    counts: dict[str, int] = {}
    for one in results:
        if one["fingerprint"]:
            counts[str(one["fingerprint"])] = counts.get(str(one["fingerprint"]), 0) + 1
    head = {
        **HEAD,
        "fingerprint_version": VERSION,
        "session_id": name,
        "results": results,
        "fingerprint_counts": counts,
        **more,
    }
    return parse(json.dumps(head).encode(), name)


def block(said: str) -> list[str]:
    lines = said.splitlines()
    if HEADLINE not in lines:
        return []
    rest = lines[lines.index(HEADLINE) + 1 :]
    return rest[: next(number for number, line in enumerate(rest) if not line.startswith("  "))]


def test_the_first_of_each_cluster_is_named_the_largest_cluster_first() -> None:
    found = session([failed("a", "rare"), failed("b", "often"), failed("c", "often", log_path="old/s/logs/r/c.1.stderr.txt")])
    assert block(formats.render_summary(found, "new/s.json", "text")) == [
        "  r / b", "    Error: often at b [exit 4]", "  r / a", "    Error: rare at a [exit 4]",
        "  r / c", "    Error: often at c [exit 4]", "    Log: new/s/logs/r/c.1.stderr.txt",
    ]  # fmt: skip


def test_a_failure_is_told_with_how_long_it_took_and_how_often_it_was_tried() -> None:
    found = session([failed("a", "x", duration_s=3.04, attempt=2), failed("b", "x", duration_s=0.25), failed("c", "x")])
    assert block(formats.render_summary(found, "s.json", "text"))[::2] == [
        "  r / a  (3.0 s, try 2)",
        "  r / b  (0.25 s)",
        "  r / c",
    ]


def test_each_cluster_is_told_with_what_to_do_about_it() -> None:
    """What passes by itself is tried again; what does not, once somebody has mended it."""
    found = session([failed("a", "often"), failed("b", "often"), failed("c", "reset", category="transient")])
    said = formats.render_summary(found, "s.json", "text", Beside(words=("inv", "-c", "jobs"), mount="batch.")).splitlines()
    often, reset = (cluster_id_of(name) for name in ("often", "reset"))
    start = said.index("Failures by cluster:")
    assert said[start + 1 : start + 6] == [
        f"  {often}  2x  often",
        f"  {reset}  1x  reset",
        f"  Try again: inv -c jobs batch.drain --cluster={reset}",
        f"  Once fixed: inv -c jobs batch.drain --cluster={often}",
        f"  If it is known: inv -c jobs batch.accept --cluster={often} --reason='…'",
    ]


def accepted(**subject: str) -> Acceptances:
    return Acceptances([Acceptance(subject=Subject(**subject), reason="known", version=VERSION)])


def clusters_block(said: str) -> list[str]:
    lines = said.splitlines()
    start = lines.index("Failures by cluster:") + 1
    return list(itertools.takewhile(lambda line: line.startswith("  "), lines[start:]))


def test_a_cluster_that_is_accepted_is_not_suggested_again() -> None:
    found = session([failed("a", "often"), failed("b", "often"), failed("c", "rare")])
    often, rare = (cluster_id_of(name) for name in ("often", "rare"))
    beside = Beside(accepted=accepted(cluster=often))
    assert clusters_block(formats.render_summary(found, "s.json", "text", beside)) == [
        f"  {often}  2x  often (accepted)",
        f"  {rare}  1x  rare",
        f"  Once fixed: inv drain --cluster={rare}",
        f"  If it is known: inv accept --cluster={rare} --reason='…'",
    ]
    [first, second] = json.loads(formats.render_summary(found, "s.json", "json", beside))["clusters"]
    assert (first["accepted"], first["drain"], first["accept"]) == (2, None, None)
    assert (second["accepted"], second["drain"]) == (0, f"inv drain --cluster={rare}")
    page = formats.render_summary(found, "s.json", "markdown", beside)
    assert f"| `{often}` | 2 | often \\(accepted\\) | {ACCEPTED} |  |" in page
    assert ACCEPTED in formats.render_summary(found, "s.json", "html", beside)


def test_a_cluster_of_which_one_phase_is_accepted_is_suggested_and_says_so() -> None:
    found = session([failed("a", "often"), failed("b", "often")])
    beside = Beside(accepted=accepted(run_id="r", phase_id="b"))
    lines = clusters_block(formats.render_summary(found, "s.json", "text", beside))
    assert lines[0].endswith("  2x  often (1 accepted)")
    assert lines[1].startswith("  Once fixed: ")


@pytest.mark.parametrize(
    ("more", "is_in_table"),
    [
        ({"outcome": "refused", "initial_state": "FAILED", "final_state": "FAILED"}, False),
        ({"outcome": "refused", "initial_state": "QUEUED", "final_state": "FAILED"}, True),
        ({"outcome": "moved", "initial_state": "FAILED", "final_state": "SKIPPED"}, False),
        ({"outcome": "failed", "initial_state": "FAILED", "final_state": "FAILED"}, True),
        ({"initial_state": "FAILED", "final_state": "FAILED"}, True),
    ],
    ids=["refused", "queued and refused", "moved", "failed", "of an earlier version"],
)
def test_no_command_is_suggested_that_would_find_nothing_in_the_table(more: dict[str, str], is_in_table: bool) -> None:
    found = session([failed("a", "odd", **more)])
    said = clusters_block(formats.render_summary(found, "s.json", "text"))
    assert any("--cluster=" in line for line in said) is is_in_table
    assert (f"  {REFUSED}" in said) is not is_in_table


def test_a_path_out_of_the_session_is_no_log_of_it() -> None:
    odd = session([failed("a", "x", log_path="s/../../etc/passwd")])
    assert find_log(odd, "new/s.json", "s/../../etc/passwd") is None
    assert "    Log: s/../../etc/passwd" in block(formats.render_summary(odd, "new/s.json", "text"))


def test_a_log_is_shown_beside_the_file_of_its_session_wherever_that_was_moved() -> None:
    one, two = (
        session([failed(phase, phase, log_path=f"old/{name}/logs/r/p.1.stdout.txt")], name)
        for name, phase in (("s1", "first"), ("s2", "second"))
    )
    said = formats.render_summary(whole_of([one, two], Status.COMPLETE), "new/s1.json\nelse/s2.json", "text")
    assert [line for line in block(said) if "Log:" in line] == [
        "    Log: new/s1/logs/r/p.1.stdout.txt", "    Log: else/s2/logs/r/p.1.stdout.txt",
    ]  # fmt: skip
    odd = session([failed("a", "x", log_path="/var/log/other.txt")])
    assert "    Log: /var/log/other.txt" in block(formats.render_summary(odd, "new/s.json", "text"))


def test_ten_are_named_at_most_and_none_where_nothing_failed() -> None:
    many = session([failed(str(number), None) for number in range(12)], total_failed=12)
    said = block(formats.render_summary(many, "s.json", "text"))
    assert said[-1] == "  and 2 more (--format=json names them)"
    assert len(said) == 2 * 10 + 1
    assert len(json.loads(formats.render_summary(many, "s.json", "json"))["worst_failures"]) == 10
    assert HEADLINE not in formats.render_summary(session([]), "s.json", "text")


def test_a_long_reason_keeps_how_the_command_ended() -> None:
    [_, error] = block(formats.render_summary(session([failed("a", "x" * 2000)]), "s.json", "text"))
    assert (error.endswith("[exit 4]"), len(error)) == (True, 300 + len("    Error: "))


@pytest.mark.parametrize(("one", "two", "total"), [(-5.0, 10.0, "5"), (-5.0, -1.5, "-6.5"), (0.0, 0.0, "0"), (3.0, 4.0, "7")])
def test_a_metric_of_a_chain_is_the_sum_of_its_parts_in_every_format(one: float, two: float, total: str) -> None:
    parts = [session([], name, metrics={"delta": value}) for name, value in (("s1", one), ("s2", two))]
    whole = whole_of(parts, Status.COMPLETE)
    assert f"\nMetric delta: {total} (" in formats.render_summary(whole, "a\nb", "text")
    assert f"\n| Metric delta | {total.replace('-', chr(92) + '-')} \\(" in formats.render_summary(whole, "a\nb", "markdown")
    assert json.loads(formats.render_summary(whole, "a\nb", "json"))["metrics"] == {"delta": float(total)}


def test_only_what_succeeded_is_told_to_have_succeeded_with_another_code() -> None:
    odd = "Succeeded by the state that they set"
    assert odd not in formats.render_summary(session([failed("a", "x", exit_code=4)]), "s.json", "text")
    won = {**failed("a", None, exit_code=4), "success": True, "error_message": None}
    assert odd in formats.render_summary(session([won]), "s.json", "text")


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        ({"max_metric": {"tokens": 9}}, "3 (- per minute of execution; the budget is 9)"),
        ({"max_metric": {"tokens": 0}}, "3 (- per minute of execution)"),
        ({"max_metric": {"others": 9}}, "3 (- per minute of execution)"),
        ({"max_metric": {"tokens": "9"}}, "3 (- per minute of execution)"),
        ({"max_metric": None}, "3 (- per minute of execution)"),
        (None, "3 (- per minute of execution)"),
    ],
)
def test_a_budget_is_told_where_there_is_one(stop: object, said: str) -> None:
    assert dict(metrics_of(session([], metrics={"tokens": 3.0}, settings={"stop": stop}))) == {"tokens": said}
