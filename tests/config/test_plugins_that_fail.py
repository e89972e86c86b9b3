"""A plugin that can't be had is told by what is wrong with it, each with its own cure, and never by a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from batchdrain.config.plugins import ENGINES, POLICIES, is_ours, resolve, resolve_engine
from batchdrain.model.errors import ConfigError

MODULE = "a_plugin_that_fails"


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return tmp_path / f"{MODULE}.py"


@pytest.mark.parametrize(
    ("code", "says", "cure"),
    [
        ("raise ImportError('needs x')", f"the module '{MODULE}' can't be imported: ImportError: needs x", "install it, or correct the path"),
        ("1 / 0", "can't be imported: ZeroDivisionError: division by zero", "install it, or correct the path"),
        ("raise SystemExit(3)", "can't be imported: SystemExit: 3", "install it, or correct the path"),
        ("x = 1", f"module '{MODULE}' has no 'choose'", "correct the path"),
        ("choose = 1", "expected a callable, got int", "docs/choosing.md"),
        (
            "from batchdrain.model.errors import ConfigError\nraise ConfigError('its own words', remedy='its own cure')",
            "its own words",
            "its own cure",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_plugin_is_told_with_its_cure(plugin: Path, code: str, says: str, cure: str) -> None:
    plugin.write_text(code)
    with pytest.raises(ConfigError) as caught:
        resolve(f"{MODULE}:choose", POLICIES, "batchdrain.policy")
    assert caught.value.message.startswith(f"batchdrain.policy: '{MODULE}:choose': ")
    assert (says in caught.value.message, cure in caught.value.remedy) == (True, True), caught.value


def test_a_module_that_is_not_there_is_told(plugin: Path) -> None:
    with pytest.raises(ConfigError, match="can't be imported: ModuleNotFoundError"):
        resolve(f"{MODULE}:choose", POLICIES, "batchdrain.policy")


def test_a_part_of_an_attribute_is_looked_for_too(plugin: Path) -> None:
    plugin.write_text("class A:\n    choose = print\n")
    assert resolve(f"{MODULE}:A.choose", POLICIES, "x") is print
    with pytest.raises(ConfigError, match=r"has no 'A\.other'"):
        resolve(f"{MODULE}:A.other", POLICIES, "x")


@pytest.mark.parametrize(
    ("taken", "is_one"), [("*, workers, settings", True), ("**_", True), ("workers", False), ("", False)]
)
def test_a_factory_of_engines_takes_what_it_is_called_with(plugin: Path, taken: str, is_one: bool) -> None:
    plugin.write_text(f"def make({taken}): pass")
    if is_one:
        assert resolve_engine(f"{MODULE}:make").__name__ == "make"
        return
    with pytest.raises(ConfigError, match="is no factory of engines") as caught:
        resolve_engine(f"{MODULE}:make")
    assert "workers=… and settings=…" in caught.value.remedy


def test_a_name_is_ours_or_known_or_neither() -> None:
    assert is_ours("local", ENGINES)
    assert not is_ours(f"{MODULE}:choose", ENGINES)
    with pytest.raises(ConfigError, match="'locl' is not known") as caught:
        resolve("locl", ENGINES, "batchdrain.engine")
    assert "'local'" in caught.value.message
    assert caught.value.remedy == "use one of these names, or 'package.module:function'"
