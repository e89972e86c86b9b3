"""An id that YAML reads as something that is written otherwise is refused with its line, and one that it does not is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.cli.commands.quoted_ids import require_quoted_ids
from batchdrain.model.errors import ConfigError

NUMBER, DATE = "line 4: YAML reads {} as a number ({}): quote it", "line 4: YAML reads {} as a date ({}): quote it"
NOTHING = "line 4: a key or a dash has no value: write the word that you mean, or null"


def problems_of(path: Path, text: str) -> list[str]:
    path.write_text(text)
    try:
        require_quoted_ids([path])
    except ConfigError as error:
        return [line.removeprefix(f"{path}: ") for line in error.message.splitlines()]
    return []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("7", None), ("build-7", None), ("'007'", None), ("1.5", None), ("true", None), ("-7", None), ("null", None), ("~", None),
        ("007", NUMBER.format("007", 7)), ("0x10", NUMBER.format("0x10", 16)), ("1_000", NUMBER.format("1_000", 1000)),
        ("+7", NUMBER.format("+7", 7)), ("1.50", NUMBER.format("1.50", 1.5)), ("1.5e+3", NUMBER.format("1.5e+3", 1500.0)),
        ("12:30", NUMBER.format("12:30", 750)), ("2025-01-02", DATE.format("2025-01-02", "2025-01-02")), ("", NOTHING),
    ],
)  # fmt: skip
def test_what_yaml_reads_otherwise_than_it_is_written_is_refused_with_its_line(
    tmp_path: Path, value: str, told: str | None
) -> None:
    text = f"batchdrain:\n  depends_on:\n    - run: a\n      after: {value}\n"
    assert problems_of(tmp_path / "invoke.yaml", text) == ([] if told is None else [told])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("batchdrain:\n  depends_on: [{run: 007, after: [08x, 1_0]}]\n", [2, 2]),
        ("batchdrain:\n  run_types:\n    - {match: 01, type: x}\n    - {match: b, type: 02}\n", [3, 4]),
        ("batchdrain:\n  source:\n    states:\n      failed: [01, 2]\n", [4]),
        ("batchdrain:\n  batch_size: 007\n  states: x\n", []),
        ("other:\n  depends_on: [{run: 007}]\nbatchdrain: {states: x}\n", []),
        ("states: 007\n", []),
        ("[batchdrain, states, 007]\n", []),
        ("batchdrain: &a\n  depends_on: *a\n", []),
        ("batchdrain: {states: {failed: 007}}\nodd: [", []),
    ],
)
def test_ids_alone_are_looked_at_and_in_our_section_alone(tmp_path: Path, text: str, lines: list[int]) -> None:
    told = problems_of(tmp_path / "invoke.yaml", text)
    assert [int(line.partition(":")[0].removeprefix("line ")) for line in told] == lines


def test_only_files_of_yaml_are_read_and_one_that_is_not_there_is_none(tmp_path: Path) -> None:
    text = "batchdrain: {states: {failed: 007}}\n"
    assert [len(problems_of(tmp_path / name, text)) for name in ("a.yaml", "a.yml", "a.json", "a.py")] == [1, 1, 0, 0]
    require_quoted_ids([tmp_path / "none.yaml"])
    with pytest.raises(ConfigError) as found:
        require_quoted_ids([tmp_path / "a.yaml", tmp_path / "none.yaml", tmp_path / "a.yml"])
    assert [line.partition(": ")[0] for line in found.value.message.splitlines()] == [
        str(tmp_path / "a.yaml"),
        str(tmp_path / "a.yml"),
    ]
