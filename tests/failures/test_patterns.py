"""A pattern that is compiled when it is first asked."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import batchdrain.failures
from batchdrain.failures import patterns
from batchdrain.failures.patterns import make_pattern


def test_a_pattern_answers_as_the_compiled_one() -> None:
    for text in ("Error at 12", "none", ""):
        made, compiled = make_pattern(r"(\d+)", re.ASCII), re.compile(r"(\d+)", re.ASCII)
        assert made.sub("#", text) == compiled.sub("#", text)
        assert made.findall(text) == compiled.findall(text)
        assert bool(made.search(text)) == bool(compiled.search(text))
        assert (made.pattern, made.flags) == (compiled.pattern, compiled.flags)


def test_a_pattern_is_compiled_at_the_first_question_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    compile_now = re.compile

    def note(source: str, flags: int) -> re.Pattern[str]:
        asked.append(source)
        return compile_now(source, flags)

    monkeypatch.setattr(re, "compile", note)
    made = make_pattern("a")
    assert asked == []
    assert [bool(made.search(text)) for text in "abaa"] == [True, False, True, True]
    assert asked == ["a"]


def test_every_pattern_of_the_package_s_own_compiles() -> None:
    found = 0
    for module in pkgutil.iter_modules(batchdrain.failures.__path__, "batchdrain.failures."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, patterns.Uncompiled):
                assert value.pattern is not None
                found += 1
    assert found > 20
