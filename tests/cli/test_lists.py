r"""A list is given with commas or with the flag again; `\,` is a comma of an entry."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.cli.tasks.flag import Flag
from batchdrain.cli.tasks.flag_values import values_of
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.config.load import load
from batchdrain.model.errors import UsageError
from tests.support.workplace import Workplace

LISTS = {(task, flag.name) for task, flags in FLAGS.items() for flag in flags if flag.is_list}


def flag_of(task: str, name: str) -> Flag:
    return next(flag for flag in FLAGS[task] if flag.name == name)


def entries(*texts: str, name: str = "exclude_run") -> Any:
    return values_of([flag_of("drain", name)], {name: [*texts]})[name]


def test_these_flags_are_lists() -> None:
    assert {name for _, name in LISTS} == {"exclude_run", "category", "policy", "cluster", "session_id"}
    assert {task for task, name in LISTS if name == "session_id"} == {"prune"}
    assert {task for task, name in LISTS if name == "cluster"} == {"drain", "dry_run", "accept", "reopen"}
    assert not [name for flags in FLAGS.values() for name in ("exclude_run", "category", "policy", "cluster")
                if any(flag.name == name and not flag.is_list for flag in flags)]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a", "b"], ("a", "b")),
        (["a,b"], ("a", "b")),
        (["a,b", "c"], ("a", "b", "c")),
        ([" a , b "], ("a", "b")),
        (["a,", ",b"], ("a", "b")),
        (["a,a", "a"], ("a",)),
        ([r"a\,b"], ("a,b",)),
        ([r"a\,b,c", r"d\,"], ("a,b", "c", "d,")),
        ([r"a\b,c\*"], ("a\\b", "c\\*")),
        (["[ab]*,?"], ("[ab]*", "?")),
        ([], ()),
    ],
)
def test_entries_have_commas_between_them_or_come_one_by_one(texts: list[str], expected: tuple[str, ...]) -> None:
    assert entries(*texts) == expected


@pytest.mark.parametrize("texts", [[""], [" "], [","], ["a", ""]])
def test_a_list_of_nothing_is_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError, match="--exclude-run: is empty"):
        entries(*texts)


def test_clusters_are_in_lower_case_and_once() -> None:
    assert entries("0F3A9C1B7E,5d41402abc", "0f3a9c1b7e", name="cluster") == ("0f3a9c1b7e", "5d41402abc")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["hints,smart"], ["hints", "smart"]),
        (["hints", "smart"], ["hints", "smart"]),
        (["hints,untried-first", "smart"], ["hints", "untried-first", "smart"]),
        (
            ['["hints", {"name": "best-yield", "prior": 0.3}]', "smart"],
            ["hints", {"name": "best-yield", "prior": 0.3}, "smart"],
        ),
    ],
)
def test_policies_are_a_list_of_names_or_json(texts: list[str], expected: list[object]) -> None:
    values = values_of([flag_of("drain", "policy")], {"policy": texts})
    assert load({}, {}, values["settings"]).policy == expected


def test_categories_with_commas_are_those_of_repetition(sqlite_project: Workplace) -> None:
    sqlite_project.add(
        ("a", "t", 1, "FAILED", "connection reset by peer"),
        ("b", "c", 1, "FAILED", "ImportError: cannot import name 'x' from 'y'"),
        ("c", "u", 1, "FAILED", None),
    )
    commas = sqlite_project.inv("dry-run", "--category=transient,collection")
    again = sqlite_project.inv("dry-run", "--category=transient", "--category=collection")
    assert (commas.code, commas.out) == (0, again.out)
    assert [line for line in commas.lines if line.startswith("[")] == ["[1/2] a / t", "[2/2] b / c"]


def test_runs_with_commas_in_their_ids_can_be_left_out(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a,1/p", "a/p", "1/p", "b/p")

    def taken(*words: str) -> list[str]:
        return sorted(line.split()[1] for line in sqlite_project.inv("dry-run", *words).lines if line.startswith("["))

    assert taken("--exclude-run=a,1") == ["a,1", "b"]
    assert taken(r"--exclude-run=a\,1") == ["1", "a", "b"]
    assert taken(r"--exclude-run=a\,*,b", "--exclude-run=1") == ["a"]
    assert taken("--run-id=a,1") == ["a,1"]


def test_clusters_can_be_accepted_one_by_one(sqlite_project: Workplace) -> None:
    sqlite_project.add(("a", "p", 1, "FAILED", "no such file: x"), ("b", "p", 1, "FAILED", "division by zero"))
    ids = [one["cluster"] for one in sqlite_project.inv("clusters", "--format=json").json()["clusters"]]

    ran = sqlite_project.inv("accept", *(f"--cluster={one}" for one in ids), "--reason=known")

    assert (ran.code, "2 failed phases now" in ran.out) == (0, True), ran
    assert sqlite_project.inv("accept", "--cluster=" + ",".join(ids), "--clear").code == 0


def test_an_entry_that_holds_a_comma_is_no_id_of_a_cluster(sqlite_project: Workplace) -> None:
    """`\\,` makes one entry of two ids; none of them is taken for the whole."""
    ran = sqlite_project.inv("dry-run", r"--cluster=e3b0c44298\,8766aeb31c")
    assert (ran.code, "is no id of a cluster" in ran.err) == (2, True), ran
