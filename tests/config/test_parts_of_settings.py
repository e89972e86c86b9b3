"""Parts of the settings by themselves: paths, columns, time limits and rules of one's own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from batchdrain.config.categories import categoriser_of
from batchdrain.config.paths import absolute_folder_of, expand_home, with_home
from batchdrain.config.settings import Settings
from batchdrain.config.timeout_settings import Timeout
from batchdrain.model.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "path"),
    [("~/a", "/folders/ann/a"), ("~", "/folders/ann"), ("a/~", "a/~"), ("/x/a", "/x/a"), ("a$", "a$"), ("100%", "100%")],
)
def test_a_home_folder_is_replaced_where_a_path_begins_with_it(text: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/folders/ann")
    assert (expand_home(text), with_home(text)) == (path, path)


@pytest.mark.parametrize("text", ["$HOME/a", "a/${B}", "a/$(pwd)", "%TEMP%/a", "~/$USER", "a/${B"])
def test_a_variable_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"variables are not replaced, and .* looks like one"):
        expand_home(text)
    assert "$" in with_home(text) or "%" in with_home(text), "Invoke's own files may have such names"


def test_a_home_folder_of_nobody_is_refused_with_the_way_to_name_such_a_folder() -> None:
    with pytest.raises(ValueError, match=r"no home folder for ~nobody-at-all: write the whole path, or \./~nobody-at-all/a"):
        expand_home("~nobody-at-all/a")
    assert with_home("~nobody-at-all/a") == "~nobody-at-all/a"


def test_a_folder_is_relative_to_the_project_unless_it_is_absolute(tmp_path: Path) -> None:
    assert [absolute_folder_of(tmp_path, name) for name in ("a", "/b", "")] == [str(tmp_path / "a"), "/b", str(tmp_path)]


def columns(**given: Any) -> Any:
    return Settings.model_validate({"source": {"columns": given}}).source.columns


def test_each_column_is_told_with_the_setting_that_names_it() -> None:
    given = {
        "run_id": ["a", "b"], "phase_id": "p", "phase_index": None, "state": "s", "updated_at": "u",
        "last_failure_reason": {"column": "r", "path": "x.y", "write": "w"},
    }  # fmt: skip
    assert list(columns(**given).pairs()) == [
        ("run_id", "a"), ("run_id", "b"), ("phase_id", "p"), ("state", "s"), ("updated_at", "u"), ("last_failure_reason", "r"),
        ("last_failure_reason.write", "w"),
    ]  # fmt: skip
    assert ("phase_index", "phase_index") in list(columns().pairs())
    assert columns(last_failure_reason=None).reason is None
    assert columns().reason.column == "last_failure_reason"


@pytest.mark.parametrize(
    ("given", "twice"),
    [
        ({"run_id": "x", "phase_id": "x"}, "'x'"),
        ({"run_id": ["a", "b"], "phase_id": ["b", "a"]}, "'a', 'b'"),
        ({"state": "s", "updated_at": "s"}, "'s'"),
        ({"phase_index": "state"}, "'state'"),
        ({"phase_index": "phase_id"}, ""),
        ({"run_id": ["a", "n"], "phase_index": "n"}, ""),
    ],
)
def test_a_column_has_one_meaning_but_for_the_index_that_may_be_part_of_an_id(given: dict[str, Any], twice: str) -> None:
    if not twice:
        assert columns(**given)
        return
    with pytest.raises(ValidationError, match=f"each column has one meaning, but {twice} is mapped twice"):
        columns(**given)


@pytest.mark.parametrize(("least", "most", "is_taken"), [(30, 30, True), (30, 29.5, False), (1, 30, True)])
def test_no_learnt_limit_is_shorter_than_the_shortest_or_longer_than_the_longest(
    least: float, most: float, *, is_taken: bool
) -> None:
    if is_taken:
        assert Timeout(min_s=least, max_s=most).max_s == most
        return
    with pytest.raises(ValidationError, match=r"min_s \(30\) is above max_s \(29\.5\)"):
        Timeout(min_s=least, max_s=most)


def test_who_set_a_limit_is_known_by_the_copy_that_was_told_and_by_no_other() -> None:
    plain = Timeout(default_s=7.0)
    told = plain.with_sources({"default_s": "--phase-timeout"})
    assert [one.source_of("default_s") for one in (plain, told)] == ["timeout.default_s", "--phase-timeout"]
    assert (told.source_of("max_s"), told.default_s, plain.sources) == ("timeout.max_s", 7.0, {})
    told.sources["max_s"] = "x"
    assert told.sources == {"default_s": "--phase-timeout"}


def test_rules_of_ones_own_are_tried_before_those_that_come_with_us_and_a_bad_one_is_named_by_its_place() -> None:
    settings = Settings.model_validate({"categories": [{"category": "patch", "match": "connection reset"}]})
    own, built_in = categoriser_of(settings), categoriser_of(Settings())
    assert [one("connection reset by peer") for one in (own, built_in)] == ["patch", "transient"]
    assert categoriser_of(Settings.model_validate(settings.model_dump())) is own, "equal rules share one"
    with pytest.raises((ConfigError, ValidationError), match=r"categories\.1|categories"):
        categoriser_of(
            Settings.model_validate(
                {"categories": [{"category": "patch", "match": "fine"}, {"category": "patch", "match": "(?<=a)b"}]}
            )
        )


def test_a_rule_that_can_not_be_used_is_told_by_its_place_with_its_cure() -> None:
    settings = Settings.model_construct(
        categories=[SimpleNamespace(category="patch", match="fine"), SimpleNamespace(category="patch", match="(")]
    )
    with pytest.raises(ConfigError) as told:
        categoriser_of(settings)
    assert told.value.message.startswith("batchdrain.categories.1: ")
    assert told.value.remedy


@pytest.mark.parametrize(
    ("run_id", "phase_id", "given", "placeholders"),
    [
        ("run_id", "phase_id", ("note",), {"run_id": "run_id", "phase_id": "phase_id"}),
        ("build", "step", ("note",), {"build": "run_id", "step": "phase_id"}),
        (["tenant", "note"], "step", ("tenant", "note"), {"step": "phase_id"}),
        (["tenant", "day"], ["step", "part"], ("tenant", "day", "step", "part", "note"), {}),
        ("build", ["step", "part"], ("step", "part", "note"), {"build": "run_id"}),
    ],
)
def test_a_command_gets_the_columns_of_an_id_of_several_and_for_one_alone_there_is_a_placeholder(
    run_id: object, phase_id: object, given: tuple[str, ...], placeholders: dict[str, str]
) -> None:
    settings = Settings.model_validate(
        {"source": {"columns": {"run_id": run_id, "phase_id": phase_id}}, "command": {"argv": ["true"], "columns": ["note"]}}
    )
    assert (settings.given_columns, settings.id_placeholders) == (given, placeholders)


@pytest.mark.parametrize(("ttl_s", "is_enough"), [(22, True), (21.9, False)])
def test_a_command_ends_within_its_lease(ttl_s: float, *, is_enough: bool) -> None:
    """The grace time, the margin and two beats."""
    section = {"lease": {"ttl_s": ttl_s, "beat_s": 5, "margin_s": 5}, "command": {"argv": ["true"], "grace_s": 7}}
    if is_enough:
        assert Settings.model_validate(section).lease.ttl_s == ttl_s
        return
    with pytest.raises(ValidationError, match=r"lease\.ttl_s \(21\.9\) is below .* \+ 2 x lease\.beat_s \(22\)"):
        Settings.model_validate(section)
