"""How names of columns and words of states are read: likely ones first, and none that only looks so."""

from __future__ import annotations

import json
import zlib
from types import SimpleNamespace

import pytest

from batchdrain.cli.commands.init.vocabulary import (
    FILE,
    LIKELY,
    is_all_failed,
    is_name_of_log,
    looks_failed,
    name_rank,
    place_of,
    rank_columns,
    state_of,
    to_plain,
)

STATE = LIKELY["state"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Step No", "step_no"),
        ("stepNo", "step_no"),
        ("step #", "step_no"),
        ("№", "no"),
        ("Échoué", "echoue"),
        ("__A--B__", "a_b"),
        ("HTTPCode", "httpcode"),
    ],
)
def test_names_are_compared_in_one_plain_form(name: str, plain: str) -> None:
    assert to_plain(name) == plain


def test_a_likely_name_comes_before_one_that_only_ends_so_and_that_before_none() -> None:
    names = ["current_state", "phaseStatus", "note", "Status", "job_status", "state"]
    ranked = [column.name for column in rank_columns((SimpleNamespace(name=name) for name in names), STATE)]
    assert ranked == ["state", "Status", "phaseStatus", "current_state", "job_status"]
    assert (name_rank("state", STATE), name_rank("my_state", STATE)) == (0, len(STATE))
    assert name_rank("note", STATE) is None
    assert name_rank("phasestatus", STATE) == STATE.index("phase_status"), "a server may fold what was two words"
    assert name_rank("has_changed", ("changed",)) is None, "is no time"


@pytest.mark.parametrize(
    ("term", "state", "failed"),
    [
        ("FAILED", "failed", True), ("Errored", "failed", True), ("done", "complete", False), ("in progress", "executing", False),
        ("Timeout", None, True), ("upstream_failed", None, True), ("not_failed", None, False), ("no-error", None, False),
        ("disk error", None, True), ("fine", None, False), ("pending", "queued", False),
    ],
)  # fmt: skip
def test_a_word_means_one_state_or_may_be_a_failure_and_its_denial_is_none(
    term: str, state: str | None, failed: bool
) -> None:
    assert (state_of(term), looks_failed(term)) == (state, failed)


def test_the_place_of_a_word_is_how_likely_it_is_and_an_unknown_one_comes_last() -> None:
    assert [place_of(term, ("failed", "error")) for term in ("Error", "FAILED", "odd")] == [1, 0, 2]


@pytest.mark.parametrize(
    "name",
    ["job_log", "JobHistory", "auftrag_protokoll", "Auftragsprotokoll", "job_historie", "job_hist", "jobs_journal", "steps_audit", "audit_trail",
     "bitacora", "job_log_2025", "jobs_history_old", "journal_entries", "история", "jobs_archive"],
)  # fmt: skip
def test_a_log_is_known_by_its_name(name: str) -> None:
    assert is_name_of_log(name)


@pytest.mark.parametrize(
    "name", ["jobs", "backlog", "catalog", "phases", "exchanges", "conversions", "log_processing_jobs", "work_2025", "dialog"]
)
def test_a_name_that_only_resembles_one_is_none(name: str) -> None:
    assert not is_name_of_log(name)


@pytest.mark.parametrize("tail", ["failed", "failure", "error", "crashed", "broken", "fehlgeschlagen"])
def test_a_word_that_ends_like_a_failure_may_be_one_unless_something_denies_it(tail: str) -> None:
    assert looks_failed(f"upload_{tail}")
    assert not looks_failed(f"{tail}_upload")
    for denial in ("no", "not", "non", "without", "never", "un", "kein", "ohne"):
        assert not looks_failed(f"{denial}_upload_{tail}"), denial


@pytest.mark.parametrize("tail", ["old", "entry", "entries", "row", "rows", "table", "tbl", "2025", "2025_old"])
def test_what_stands_behind_the_name_of_a_log_makes_it_no_other(tail: str) -> None:
    assert is_name_of_log(f"job_log_{tail}")
    assert not is_name_of_log(f"job_{tail}")
    assert not is_name_of_log(tail)


def test_a_table_of_nothing_but_failures_has_a_part_of_its_name_that_says_so() -> None:
    found = {name: is_all_failed(name) for name in ("failed_jobs", "JobFailures", "dead", "discarded-mail", "jobs", "undead")}
    assert found == {
        "failed_jobs": True,
        "JobFailures": True,
        "dead": True,
        "discarded-mail": True,
        "jobs": False,
        "undead": False,
    }


def test_words_written_together_are_a_name_from_five_letters_on_and_no_verb_makes_a_time() -> None:
    assert (name_rank("abcde", ("x", "ab_cde")), name_rank("abcd", ("x", "ab_cd"))) == (1, None)
    for name in ("updated", "modified", "changed", "touched"):
        assert (name_rank(f"has_{name}", (name,)), name_rank(f"has_{name}_at", (f"{name}_at",))) == (None, 1)


WORDS: dict[str, tuple[int, str]] = {
    "columns.run_id": (45, "f6bc2234"), "columns.phase_id": (38, "49f1911f"), "columns.phase_index": (49, "b17c8476"),
    "columns.state": (38, "46fc8b5c"), "columns.last_failure_reason": (65, "e16ef503"), "columns.exit_code": (7, "8c5bc6df"),
    "columns.updated_at": (75, "6ba88451"), "queues": (37, "f23d3cb4"), "strong_phases": (23, "90de3a70"),
    "run_parts": (17, "edf8857b"), "phase_parts": (10, "33168547"), "tables": (25, "39373086"), "of_runs": (20, "a9a72960"),
    "moments.failed": (11, "256b6988"), "moments.complete": (16, "3b7ebe20"), "moments.executing": (12, "f3f3eef0"),
    "logs": (54, "5cb24f44"), "log_starts": (7, "69a1654a"), "log_ends": (13, "9db3b21d"), "all_failed": (4, "0538381c"),
    "deletions": (21, "6496de45"), "truths": (10, "c3e0e16e"), "ended_truths": (17, "39dc15e8"),
    "busy_truths": (10, "52fdce43"), "time_units": (8, "3bc30547"), "words.failed": (79, "29950136"),
    "words.queued": (49, "240ecb18"), "words.executing": (40, "d05fc554"), "words.complete": (65, "de3cb677"),
    "suspects": (27, "182021f3"),
}  # fmt: skip
"""How many words each list has, and the checksum of them in their order: the likeliest come first."""


def test_no_word_leaves_the_vocabulary_or_its_place_unseen() -> None:
    kept = json.loads(FILE.read_bytes())
    lists = {f"{key}.{name}": words for key, of in kept.items() if isinstance(of, dict) for name, words in of.items()}
    lists |= {key: words for key, words in kept.items() if isinstance(words, list)}
    found = {name: (len(words), f"{zlib.crc32(chr(10).join(words).encode()):08x}") for name, words in lists.items()}
    assert found == WORDS
