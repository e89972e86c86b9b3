"""What a page names is there: other pages and their headings, tasks and flags, settings, files, modules and tests."""

from __future__ import annotations

import copy
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from invoke.vendor import yaml

from batchdrain.collection import ns
from batchdrain.config.load import leaves, problems_of
from batchdrain.model.errors import BatchDrainError
from batchdrain.sessions.events import Event
from tests.docs.pages import DOCS, PACKAGE, PAGES, README, ROOT, blocks, named, text_of

every_page = pytest.mark.parametrize("page", PAGES, ids=named)
SPANS: Final = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
OTHERS: Final = {"--help", "--list", "--dry", "-f", "--minutes", "--database", "--seeds", "--batch-size", "--first-seed", "--joblog",
                 "--no-deps", "--write", "--gate", "--only", "--rows", "--protocol"}  # fmt: skip
"""Flags of Invoke, pip, GNU parallel, dask and our benchmarks."""


def _prose(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@every_page
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", _prose(page)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        assert not anchor or anchor in _anchors(found), target


def test_every_page_of_docs_is_listed() -> None:
    index = text_of(DOCS / "README.md")
    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []
    assert "(docs/README.md)" in text_of(README)


def test_every_task_is_documented() -> None:
    listed = re.findall(r"^\| `inv ([a-z-]+)` \|", text_of(DOCS / "operations.md"), re.MULTILINE)
    assert sorted(listed) == sorted(ns.task_names)


def _tasks(page: Path) -> Iterator[list[str]]:
    """The words of each span that is a task with its flags."""
    for span in SPANS.findall(_prose(page)):
        if span.startswith("inv ") and "…" not in span:
            yield shlex.split(re.sub(r"[$<>|()]", " ", span))[1:]


def _flags_of(name: str) -> set[str]:
    task = copy.copy(ns[name])
    task.help = dict(task.help)  # Invoke takes each text out of it when it is asked for the arguments
    return {f"--{flag}" for argument in task.get_arguments() for flag in argument.names}


@every_page
def test_every_task_and_flag_that_a_text_names_is_one(page: Path) -> None:
    for said in _tasks(page):
        flags = {word.partition("=")[0] for word in said if word.startswith("-")} - OTHERS
        names = [word for word in said if word in ns.task_names]
        assert names or "backlog.drain" in said or not flags.union(said) - OTHERS, said
        assert flags <= {flag for name in names for flag in _flags_of(name)}, said


@every_page
def test_every_flag_that_stands_alone_is_one_of_a_task(page: Path) -> None:
    known = {flag for name in ns.task_names for flag in _flags_of(name)} | OTHERS
    found = {span.split("=")[0].split(" ")[0] for span in SPANS.findall(_prose(page)) if re.match(r"--[a-z]", span)}
    assert {flag for flag in found if "…" not in flag} - known - {"--phase-id", "--run-id"} == set()


@every_page
def test_every_setting_that_a_text_names_is_one(page: Path) -> None:
    paths = {".".join(path) for path in leaves()}
    parts = {path[:cut] for path in paths for cut in range(len(path) + 1) if path[cut : cut + 1] in {"", "."}}
    heads = {path.partition(".")[0] for path in paths if "." in path}
    for span in SPANS.findall(_prose(page)):
        name = span.removeprefix("batchdrain.")
        if re.fullmatch(r"[a-z_]+(?:\.[a-z_]+)+", name) and name.partition(".")[0] in heads:
            assert name in parts, span


@pytest.mark.parametrize(
    "body",
    [body for page in PAGES for body in blocks(page, "yaml") if "batchdrain:" in body],
    ids=lambda body: body.splitlines()[1].strip(),
)
def test_every_example_of_settings_is_sound(body: str) -> None:
    read: Any = yaml.safe_load
    assert problems_of(read(body)["batchdrain"], {}) == []


@every_page
def test_every_file_and_module_that_a_text_names_is_there(page: Path) -> None:
    for span in SPANS.findall(_prose(page)):
        if re.fullmatch(r"(?:tests|batchdrain|\.ci)/[\w/.-]*", span):
            assert (ROOT / span).exists(), span
        if span.startswith("python -m ") and " -c " not in span:
            assert importlib.util.find_spec(span.split()[2]) is not None, span


@pytest.mark.skipif(not (PACKAGE / "model").is_dir(), reason="the house is not rebuilt yet")
@pytest.mark.parametrize("page", [DOCS / "design.md", ROOT / "CONTRIBUTING.md"], ids=named)
def test_every_wing_and_file_of_the_house_that_a_text_names_is_there(page: Path) -> None:
    for span in SPANS.findall(_prose(page)):
        if re.fullmatch(r"[a-z_]+/(?:[a-z_]+/?)*(?:\.py)?", span) and not span.startswith(("tests/", "docs/", "batchdrain/")):
            assert (PACKAGE / span).exists(), span


def test_every_promise_names_a_test_that_is_there() -> None:
    page = text_of(DOCS / "promises.md")
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    for row in re.findall(r"^\| (?:P\d.*)?\| .*$", page, re.MULTILINE)[1:]:
        named_tests = set(re.findall(r"`(test_\w+)`", row))
        assert named_tests, row
        assert named_tests <= there, row


def test_every_promise_of_the_design_stands_there() -> None:
    table = re.findall(r"^\| (P[\dP, ]+) \|", text_of(DOCS / "promises.md"), re.MULTILINE)
    assert [int(number) for cell in table for number in re.findall(r"P(\d+)", cell)] == list(range(1, 21))


def test_the_catalogue_of_events_is_the_enum() -> None:
    section = text_of(DOCS / "operations.md").split("## Events")[1].split("## ")[0]
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| [^|]+ \| (.+) \|$", section, re.MULTILINE)
    assert {name for name, _ in rows} == {event.value for event in Event}
    assert len(rows) == len(Event)


def test_every_field_of_an_event_is_explained() -> None:
    section = text_of(DOCS / "operations.md").split("## Events")[1].split("## ")[0]
    events, _, fields = section.partition("| field | holds |")
    named = {
        field.split()[0]
        for cell in re.findall(r"^\| `[a-z.]+_?[a-z]*` \| [^|]+ \| (.+) \|$", events, re.MULTILINE)
        for field in cell.split(",")
    }
    explained = {
        name for cell in re.findall(r"^\| (`[a-z_`, ]+`) \|", fields, re.MULTILINE) for name in re.findall("[a-z_]+", cell)
    }
    assert named - explained == {"run_id"}
    assert explained <= named


def test_every_exit_code_of_an_error_is_explained() -> None:
    section = text_of(DOCS / "operations.md").split("## Exit codes")[1].split("## ")[0]
    explain_rows = {int(code) for cell in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for code in cell.split(",")}
    assert explain_rows == {0, 129, 130, 143} | {kind.exit_code for kind in _kinds(BatchDrainError)}


def _kinds(kind: type[BatchDrainError]) -> Iterator[type[BatchDrainError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _kinds(one)
