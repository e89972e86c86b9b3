"""An error on a terminal is broken between words, and never within a command that its reader may copy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from invoke.program import Program

from batchdrain.collection import ns
from tests.support.raw_terminal import raw_terminal


def test_an_error_is_broken_between_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "invoke.yaml").write_text("batchdrain:\n")
    monkeypatch.chdir(tmp_path)
    with raw_terminal(40, 10) as terminal:
        monkeypatch.setattr("sys.stderr", terminal.file)
        with pytest.raises(SystemExit):
            Program(namespace=ns, name="inv", binary="inv").run(["inv", "init", "--yes"])
        lines = terminal.got().splitlines()
    assert max(map(len, lines)) <= 40, lines
    assert " ".join(line.strip() for line in lines) == (
        "batchdrain: invoke.yaml has an empty batchdrain section already; remove that line and run `inv init` again"
    )
    assert not [line for line in lines if re.search("`", line) and line.count("`") != 2], "the command is whole"
