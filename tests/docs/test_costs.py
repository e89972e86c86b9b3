"""What is measured by `python -m tests.benchmarks`: how the gate judges it, what is kept of it, and what the page says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks import gnu_parallel, machine, phase
from tests.benchmarks.backlog_texts import DISTINCT, FEW
from tests.benchmarks.backlogs import Backlogs
from tests.benchmarks.bench import Bench
from tests.benchmarks.drained import drain_exactly
from tests.benchmarks.figure import Figure
from tests.benchmarks.gate import judge
from tests.benchmarks.measured import Book, Stamp
from tests.benchmarks.page import BEGIN, END, render, rendered_into
from tests.benchmarks.pairs import Cost, cost
from tests.benchmarks.row import ANY, ROWS
from tests.benchmarks.sizes import GATE
from tests.docs.pages import PAGES, named, prose

STAMP = Stamp(
    commit="1234567", day="2026-01-01", load="0.1",
    machine={"cpu": "2 cores of a model", "memory": "24 GB", "python": "3.11.7", "sqlite": "3.40.1", "postgresql": "15.20"},
)  # fmt: skip


def figure(key: str, *ratios: float, texts: str = "distinct") -> Figure:
    return Figure.of(key, [(10 * ratio, 10.0) for ratio in ratios], texts=texts, rows=30_000, minutes=5)


def book_of(*figures: Figure, is_gate: bool = False) -> Book:
    book = Book()
    book.add(figures, STAMP, is_gate=is_gate)
    return book


@pytest.mark.parametrize(
    ("found", "passes", "rule"),
    [
        (figure("drain", 9.5, 8.9, 12.0, 30.0, 11.0), True, "<= 9.00 (half beyond its bound 6)"),
        (figure("drain", 9.5, 9.1, 12.0, 30.0, 11.0), False, "<= 9.00 (half beyond its bound 6)"),
        (figure("drain", 6.1, texts="few"), False, "<= 6.00 (half beyond its bound 4)"),
        (figure("minutes", 0.2, 0.64, 0.3), True, ">= 0.63 (half beyond its bound 0.95)"),
        (figure("minutes", 0.2, 0.62, 0.3), False, ">= 0.63 (half beyond its bound 0.95)"),
    ],
    ids=["the best is inside", "the best is outside", "few have a bound of their own", "enough", "too few"],
)
def test_the_best_pair_may_be_half_beyond_its_bound(found: Figure, passes: bool, rule: str) -> None:
    ruling = judge(found, {})
    assert ruling.passes == passes
    assert ruling.words.startswith("ok" if passes else "FAIL")
    assert rule in ruling.words


@pytest.mark.parametrize(
    ("last", "found", "passes", "rule"),
    [
        (figure("drain", 12.0), figure("drain", 17.9), True, "its bound 6 is broken: half beyond the 12 of 1234567"),
        (figure("drain", 12.0), figure("drain", 18.1), False, "its bound 6 is broken: half beyond the 12 of 1234567"),
        (figure("drain", 2.0), figure("drain", 8.9), True, "half beyond its bound 6"),
        (figure("minutes", 0.42), figure("minutes", 0.29), True, "its bound 0.95 is broken: half beyond the 0.42"),
        (figure("minutes", 0.42), figure("minutes", 0.27), False, "its bound 0.95 is broken: half beyond the 0.42"),
        (figure("phase-cpu", 1.2), figure("phase-cpu", 1.9), True, "1.90; it has no bound"),
        (figure("drain", 12.0, texts="few"), figure("drain", 9.1), False, "half beyond its bound 6"),
    ],
    ids=["as broken as it was", "worse", "it held", "as few as there were", "fewer", "no bound", "of other texts"],
)
def test_where_a_bound_was_broken_before_the_gate_holds_to_that(last: Figure, found: Figure, passes: bool, rule: str) -> None:
    ruling = judge(found, book_of(last, is_gate=True).gate)
    assert ruling.passes == passes
    assert rule in ruling.words


def test_what_can_not_be_measured_is_left_out_aloud() -> None:
    ruling = judge(Figure.of("phase", [], texts="distinct", note=gnu_parallel.MISSING), {})
    assert ruling.passes
    assert ruling.words.startswith("LEFT OUT")
    assert "GNU parallel is not installed" in ruling.words


def test_without_gnu_parallel_its_rows_alone_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phase, "parallel_version", lambda: None)
    monkeypatch.setattr(phase, "drain_exactly", lambda _, phases: Cost(wall_s=1 + phases, cpu_s=2 + phases, peak_mb=0))
    sizes = replace(GATE, rows=60, small=30, pairs=2, phases=(1, 3))
    found = {one.row.key: one for one in phase.measure(Bench(folder=tmp_path, sizes=sizes, backlogs=Backlogs(tmp_path)))}
    assert {key: one.ratio for key, one in found.items()} == {
        "phase": None, "phase-cpu": None, "phase-large": 1.0, "phase-large-cpu": 1.0,
    }  # fmt: skip
    assert found["phase"].note == found["phase-cpu"].note == gnu_parallel.MISSING


def test_a_row_that_was_not_measured_again_keeps_its_figure_with_its_commit(tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    book_of(figure("drain", 5.0), figure("clusters", 41.0)).write(path)
    book = Book.read(path)
    left_out = Figure.of("drain", [], texts="distinct", note="no")
    book.add([figure("clusters", 9.0), left_out], replace(STAMP, commit="7654321", day="2026-01-02"), is_gate=False)
    book.write(path)
    page = render(Book.read(path))
    lines = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| whole")}
    assert "| 5.00 (50 : 10 ms) | 6 |" in lines["whole `inv drain --batch-size=50` over 30 000, less over 1 000"]
    assert lines["whole `inv drain --batch-size=50` over 30 000, less over 1 000"].endswith("| (1) |")
    assert "| 9.00 (90 : 10 ms) | 10 |" in lines["whole `inv clusters` over 30 000, less over 1 000"]
    assert lines["whole `inv clusters` over 30 000, less over 1 000"].endswith("| (2) |")
    assert "1. commit `1234567` on 2026-01-01: 2 cores of a model, 24 GB, Python 3.11.7" in page
    assert "2. commit `7654321` on 2026-01-02" in page


def test_a_broken_bound_is_told_on_the_page_and_at_the_gate() -> None:
    book = book_of(figure("clusters", 41.0), figure("minutes", 0.42), figure("drain", 6.0))
    book.add([figure("explain", 30.0), figure("counts", 1.0)], STAMP, is_gate=True)
    page = render(book)
    assert "41.00 **BROKEN** (410 : 10 ms)" in page
    assert "0.42 **BROKEN** (4.2 : 10 phases)" in page
    assert page.count("**BROKEN**") == 2
    assert "2 of 3 figures are outside their bounds" in page
    assert re.findall(r"^- (.+)$", page, re.MULTILINE) == [
        "whole `inv dry-run --explain` over 30 000, less over 1 000, distinct texts: 30.00, bound <= 8, commit `1234567`"
    ]
    assert figure("clusters", 41.0).cells()[5] == "<= 10 BROKEN"


def test_the_medians_go_to_the_page_and_the_best_pair_to_the_gate() -> None:
    found = Figure.of("drain", [(30.0, 10.0), (10.0, 5.0), (80.0, 10.0), (1.0, 0.0), (-1.0, 1.0)], texts="distinct", rows=9)
    assert (found.ratio, found.best) == (3.0, 2.0)
    assert Figure.of("minutes", [(3.0, 10.0), (4.0, 5.0)], texts="few").best == 0.8


def test_the_rest_of_the_page_stays_as_it_is() -> None:
    page = f"# Before\n{BEGIN}\nwhatever stood here\n{END}\n\n## After\n"
    made = rendered_into(page, book_of(figure("drain", 5.0)))
    assert made.startswith(f"# Before\n{BEGIN}\n")
    assert made.endswith(f"{END}\n\n## After\n")
    assert "whatever" not in made
    assert rendered_into(made, book_of(figure("drain", 5.0))) == made
    with pytest.raises(ValueError, match="each of these lines once"):
        rendered_into("# A page without marks\n", Book())


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "performance.md"], ids=named)
def test_no_other_page_repeats_a_figure_of_costs(page: Path) -> None:
    assert re.findall(r"[^.]*\b\d[\d.]* ?(?:ms|µs|us)\b[^.]*|[^.]*\d times (?:as|longer|faster)[^.]*", prose(page)) == []


def test_each_kind_of_texts_has_a_bound_of_its_own() -> None:
    assert {tuple(row.bounds) for row in ROWS.values()} == {("distinct", "few"), (ANY,)}
    assert (DISTINCT.runs_of(1_000_000), DISTINCT.lanes_of(1_000_000)) == (10_000, 70_000)
    assert FEW.runs_of(1_000_000) == 50


def test_the_memory_of_a_command_is_not_that_of_who_started_it(tmp_path: Path) -> None:
    """A large parent's peak is told of its children too, unless something small stands between."""
    ballast = bytearray(200_000_000)
    assert cost(["/bin/true"], tmp_path).peak_mb < 50
    assert len(ballast) == 200_000_000


def test_a_drain_of_another_number_of_phases_is_no_figure(tmp_path: Path) -> None:
    (tmp_path / "backlogs").mkdir()
    project = Backlogs(tmp_path / "backlogs").fresh(2, FEW)
    with pytest.raises(RuntimeError, match="executed 2 phases, not 3"):
        drain_exactly(project, 3)
    with pytest.raises(RuntimeError, match="did not exit 0"):
        cost(["/bin/false"], tmp_path)


def test_a_machine_is_described_without_its_name() -> None:
    found = machine.describe_machine()
    assert set(found) - {"parallel"} == {"cpu", "memory", "python", "sqlite", "postgresql"}
    assert re.fullmatch(r"\d+ cores of .+", found["cpu"])
    assert re.fullmatch(r"[\d.]+", found["postgresql"])
