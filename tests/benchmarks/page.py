"""The section of docs/performance.md between two marks, made of measured.json. The rest of the page is written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import fill, sign_of
from tests.benchmarks.measured import Book, Measured, Stamp
from tests.benchmarks.row import ANY, ROWS, Row
from tests.benchmarks.sizes import FULL

PAGE: Final = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN: Final = "<!-- `python -m tests.benchmarks --write` writes from here on: change nothing by hand -->"
END: Final = "<!-- up to here -->"
_SIZES: Final[dict[str, int | float]] = {
    "rows": FULL.rows, "failed": FULL.choices[1], "minutes": FULL.minutes, "lanes": FULL.choices[1] * 7 // 100, "choices": 500, "results": FULL.results[0],
    "many": 80_000, "few": 20_000,
}  # fmt: skip
"""For rows that nobody measured yet."""
_MACHINE: Final = {
    "memory": "{}",
    "python": "Python {}",
    "sqlite": "SQLite {}",
    "postgresql": "PostgreSQL {}",
    "parallel": "GNU parallel {}",
}


def performance_page() -> str:
    """The page as it has to stand: what is there, with the costs of measured.json."""
    return rendered_into(PAGE.read_text(), Book.read())


def rendered_into(page: str, book: Book) -> str:
    """Raises ValueError where a mark is missing, or occurs twice."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"{PAGE.name} must have each of these lines once: {BEGIN} {END}")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{render(book)}\n{END}{rest.partition(END)[2]}"


def render(book: Book) -> str:
    """The tables, what is broken, and where it was measured."""
    stamps = list(dict.fromkeys(_key_of(one.stamp) for one in book.page.values()))
    numbers = {stamp: number for number, stamp in enumerate(sorted(stamps), start=1)}
    return "\n".join([
        "What depends on the backlog's texts, which all differ (by numbers, paths, hosts and hashes), or are few:",
        "",
        "| what | against | distinct | bound | few | bound | measured |",
        "|---|---|---|---|---|---|---|",
        *(_wide(row, book, numbers) for row in ROWS.values() if ANY not in row.bounds),
        "",
        "What does not:",
        "",
        "| what | against | ratio | bound | measured |",
        "|---|---|---|---|---|",
        *(_narrow(row, book, numbers) for row in ROWS.values() if ANY in row.bounds and _is_shown(row, book)),
        "",
        *_summary(book),
        *(["", *(f"{number}. {_place(stamp)}" for stamp, number in numbers.items())] if numbers else []),
        "",
    ])  # fmt: skip


_GATE_ALONE: Final = {"workers-8-beside"}
_ONCE_MEASURED: Final = {key for key in ROWS if key.startswith("dask-")}
"""Where distributed is installed."""
_Key = tuple[str, str, str, tuple[tuple[str, str], ...]]


def _is_shown(row: Row, book: Book) -> bool:
    return row.key not in _GATE_ALONE and (row.key not in _ONCE_MEASURED or (row.key, ANY) in book.page)


def _key_of(stamp: Stamp) -> _Key:
    return stamp.day, stamp.commit, stamp.load, tuple(sorted(stamp.machine.items()))


def _place(key: _Key) -> str:
    day, commit, load, facts = key
    machine = dict(facts)
    versions = ", ".join(words.format(machine[name]) for name, words in _MACHINE.items() if name in machine)
    return f"commit `{commit}` on {day}: {machine['cpu']}, {versions}; the load was {load} when it began"


def _wide(row: Row, book: Book, numbers: dict[_Key, int]) -> str:
    found = [book.page.get((row.key, texts)) for texts in ("distinct", "few")]
    cells = [cell for texts, one in zip(("distinct", "few"), found, strict=True) for cell in _cells(row, texts, one)]
    return _line(row, [one for one in found if one], cells, numbers)


def _narrow(row: Row, book: Book, numbers: dict[_Key, int]) -> str:
    one = book.page.get((row.key, ANY))
    return _line(row, [one] if one else [], _cells(row, ANY, one), numbers)


def _line(row: Row, found: list[Measured], cells: Iterable[str], numbers: dict[_Key, int]) -> str:
    sizes = _SIZES | (dict(found[0].sizes) if found else {})
    where = ", ".join(dict.fromkeys(f"({numbers[_key_of(one.stamp)]})" for one in found)) or "not yet"
    return "| " + " | ".join([fill(row.what, sizes), fill(row.against, sizes), *cells, where]) + " |"


def _cells(row: Row, texts: str, one: Measured | None) -> tuple[str, str]:
    """The ratio with what it is of, and the bound."""
    bound = row.bounds[texts]
    allowed = "" if bound is None else f"{'at least ' if row.at_least else ''}{bound:g}"
    if one is None:
        return "", allowed
    broken = "" if row.holds(texts, one.ratio) else " **BROKEN**"
    unit = f" {row.unit}" if row.unit else ""
    return f"{one.ratio:.2f}{broken} ({_short(one.ours)} : {_short(one.reference)}{unit})", allowed


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _summary(book: Book) -> Iterator[str]:
    broken = [one for one in book.page.values() if not ROWS[one.key].holds(one.texts, one.ratio)]
    missing = sum(len(row.bounds) for row in ROWS.values() if _is_shown(row, book)) - len(book.page)
    yield f"{len(broken)} of {len(book.page)} figures are outside their bounds; {missing} are not measured yet."
    loose = [one for one in book.gate.values() if not ROWS[one.key].holds(one.texts, one.ratio)]
    if loose:
        yield ""
        yield "The gate, at its small sizes, lets these through up to half beyond what they were, since their bounds were broken:"
        yield ""
        for one in loose:
            row = ROWS[one.key]
            texts = "" if one.texts == ANY else f", {one.texts} texts"
            what = fill(row.what, _SIZES | dict(one.sizes))
            yield f"- {what}{texts}: {one.ratio:.2f}, bound {sign_of(row)} {row.bounds[one.texts]:g}, commit `{one.stamp.commit}`"
