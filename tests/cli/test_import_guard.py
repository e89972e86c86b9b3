"""Which files are looked at before a plugin's imports are: all that are not of the installation, by where they stand."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.import_guard import ImportGuard, guard_imports
from batchdrain.cli.commands.trust import _files_of, _named_in, require_own_files, require_own_names
from batchdrain.cli.invocation import Invocation
from batchdrain.config.settings import Settings
from batchdrain.model.errors import ConfigError


def looked_at(guard: ImportGuard, name: str, place: Path) -> set[str]:
    spec = PathFinder.find_spec(name, [str(place)])
    assert spec is not None
    return {str(path.relative_to(place.parent)) for path in guard.files_of(spec)}


@pytest.fixture
def guard(tmp_path: Path) -> ImportGuard:
    """That takes the folder `site` for the installation."""
    found = ImportGuard()
    for folder in ("site", "own", "own/pack"):
        (tmp_path / folder).mkdir()
    (tmp_path / "own" / "pack" / "__init__.py").touch()
    found._installed = {(tmp_path / "site").resolve()}
    for name in ("site/plain.py", "own/plain.py"):
        (tmp_path / name).touch()
    (tmp_path / "site" / "linked.py").symlink_to(tmp_path / "own" / "plain.py")
    return found


def test_what_is_installed_is_not_looked_at_unless_it_is_a_link_to_elsewhere(guard: ImportGuard, tmp_path: Path) -> None:
    assert looked_at(guard, "plain", tmp_path / "site") == set()
    assert {"site/linked.py", "site"} <= looked_at(guard, "linked", tmp_path / "site")


def test_of_ones_own_module_the_file_its_folder_and_its_compiled_code_are_and_of_a_package_its_folders(
    guard: ImportGuard, tmp_path: Path
) -> None:
    assert looked_at(guard, "plain", tmp_path / "own") == {"own/plain.py", "own"}
    (tmp_path / "own" / "__pycache__").mkdir()
    assert "own/__pycache__" in looked_at(guard, "plain", tmp_path / "own")
    assert {"own/pack/__init__.py", "own/pack", "own"} <= looked_at(guard, "pack", tmp_path / "own")


def test_a_module_that_others_may_write_is_refused_before_it_is_read(guard: ImportGuard, tmp_path: Path) -> None:
    assert guard.find_spec("plain", [str(tmp_path / "own")]) is None
    assert guard.find_spec("no_such_module", [str(tmp_path / "own")]) is None
    (tmp_path / "own" / "plain.py").chmod(0o666)
    with pytest.raises(ConfigError, match=r"is code to be imported \('plain'\)"):
        guard.find_spec("plain", [str(tmp_path / "own")])
    (tmp_path / "site" / "plain.py").chmod(0o666)
    assert guard.find_spec("plain", [str(tmp_path / "site")]) is None


def test_there_is_one_guard_however_often_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [one for one in sys.meta_path if not isinstance(one, ImportGuard)])
    first = guard_imports()
    assert (guard_imports(), sys.meta_path[0], sys.meta_path.count(first)) == (first, first, 1)


def test_the_files_of_a_module_are_those_of_each_package_on_the_way_to_it(
    guard: ImportGuard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path / "own"))
    (tmp_path / "own" / "pack" / "inner.py").touch()
    found = {path.name for path in _files_of("pack.inner", guard)}
    assert {"__init__.py", "inner.py", "pack", "own"} <= found
    assert [*_files_of("no_such_package.inner", guard)] == []
    assert [*_files_of("plain.inner", guard)] != [], "a module has nothing below it"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []), ("smart", ["smart"]), ("hints, a:b", ["hints", "a:b"]), ('["smart", {"name": "a:b", "x": 1}]', ["smart", "a:b"]),
        ('[{"x": 1}]', [""]), ("[broken", []),
    ],
)  # fmt: skip
def test_the_policies_that_a_variable_names_are_found_in_each_form_of_it(text: str, names: list[str]) -> None:
    assert _named_in(text) == names


@pytest.mark.parametrize(
    ("section", "shared", "told"),
    [
        ({"policy": ["smart"]}, "", None),
        ({"policy": [{"name": "acme:by_cost"}]}, "", None),
        ({"policy": [{"name": "acme:by_cost"}]}, ".", "{root}: is where code is imported from ('acme:by_cost')"),
        (
            {"policy": ["smart", "acme:by_cost"]},
            "invoke.yaml",
            "{root}/invoke.yaml: names code to be imported ('acme:by_cost')",
        ),
        ({"engine": "acme:Engine"}, "acme.py", "{root}/acme.py: is code to be imported ('acme:Engine')"),
    ],
)
def test_code_that_settings_name_is_looked_at_with_all_that_could_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: dict[str, Any], shared: str, told: str | None
) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("invoke.yaml", "acme.py"):
        (tmp_path / name).touch(mode=0o644)
    if shared:
        (tmp_path / shared).chmod(0o777)
    invocation = Invocation(section={}, environ={}, root=tmp_path, dry=False, files=[tmp_path / "invoke.yaml"])
    settings = Settings.model_validate(section)
    if told is None:
        require_own_files(invocation, settings)
        return
    with pytest.raises(ConfigError) as caught:
        require_own_files(invocation, settings)
    assert f"{told.format(root=tmp_path)}, but others may write it" in caught.value.message
    (tmp_path / shared).chmod(0o755)
    require_own_files(invocation, settings)


def test_a_path_to_code_in_the_environment_is_refused_with_the_place_for_it(tmp_path: Path) -> None:
    for name, value in (("POLICY", "smart, acme:by_cost"), ("ENGINE", "acme:Engine")):
        environ = {f"INVOKE_BATCHDRAIN_{name}": value}
        with pytest.raises(ConfigError) as caught:
            require_own_names(Invocation(section={}, environ=environ, root=tmp_path, dry=False))
        assert str(caught.value) == (
            f"INVOKE_BATCHDRAIN_{name}: a path to code is not accepted from the environment; name it in invoke.yaml"
        )
