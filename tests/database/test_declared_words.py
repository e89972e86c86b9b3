"""What a CHECK allows in a column, and what a comment says of its codes, as each database writes them."""

from __future__ import annotations

import pytest

from batchdrain.database.phases.declared_words import find_literals, find_meanings, find_words

AB = ("A", "B")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("state IN ('A', 'B')", AB),
        ("(state in ('A','B'))", AB),
        ("\"state\" IN ('A', 'B')", AB),
        ("`state` in ('A','B')", AB),
        ("([state] IN ('A', 'B'))", AB),
        ("((state)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))", AB),
        ("(state = ANY (ARRAY['A'::text, 'B'::text]))", AB),
        ("(VALUE = ANY (ARRAY['A'::text, 'B'::text]))", AB),
        ("state IS NULL OR state IN ('A', 'B')", AB),
        ("((state IS NULL) OR (state IN ('A', 'B')))", AB),
        ("state IN ('A', 'B') OR state IS NULL", AB),
        ("state = 'A' OR state = 'B'", AB),
        ("((state = 'A'::text) OR (state = 'B'::text))", AB),
        ("state IN ('A', 'A', 'B')", AB),
        ("state IN ('it''s', '')", ("it's", "")),
        ("state IN (-1, 0, 7)", ("-1", "0", "7")),
        ("state BETWEEN 1 AND 3", ("1", "2", "3")),
        ("((state >= 0) AND (state <= 2))", ("0", "1", "2")),
        ("state BETWEEN -1 AND -1", ("-1",)),
        ("state BETWEEN 0 AND 59", tuple(map(str, range(60)))),
        ("state BETWEEN 0 AND 60", ()),
        ("state BETWEEN 3 AND 1", ()),
        ("state = 'A'", ()),
        ("other IN ('A', 'B')", ()),
        ("statement IN ('A', 'B')", ()),
        ("state IN ('A', 'B') AND note IS NOT NULL", ()),
        ("state NOT IN ('A', 'B')", ()),
        ("lower(state) IN ('a', 'b')", ()),
        ("state <> 'A'", ()),
        ("state = 'A' OR note = 'B'", ()),
        ("state >= 0 AND other <= 2", ()),
        ("length(state) < 5", ()),
        ("", ()),
    ],
)
def test_the_words_of_a_check_are_those_that_it_lists_for_this_column_alone(check: str, words: tuple[str, ...]) -> None:
    assert find_words("state", [check]) == words


def test_the_first_check_that_lists_words_counts() -> None:
    checks = ["length(state) < 9", "state IN ('A', 'B')", "state IN ('C', 'D')"]
    assert find_words("state", checks) == AB
    assert find_words("state", []) == ()


def test_a_name_with_signs_is_no_pattern() -> None:
    assert find_words("a.b", ["axb IN ('A', 'B')"]) == ()
    assert find_words("a.b", ["`a.b` IN ('A', 'B')"]) == AB


@pytest.mark.parametrize(
    ("comment", "meanings"),
    [
        ("0 new, 1 queued, 4=failed", {"0": "new", "1": "queued", "4": "failed"}),
        ("0: new; 1: done", {"0": "new", "1": "done"}),
        ("0 - new | 1 - done", {"0": "new", "1": "done"}),
        ("0) new\n1) in progress", {"0": "new", "1": "in progress"}),
        ("-1=failed,0=ok", {"-1": "failed", "0": "ok"}),
        ("0 new 1 done", {"0": "new", "1": "done"}),
        ("W=waiting R=running, F: failed", {"W": "waiting", "R": "running", "F": "failed"}),
        ("W=waiting", {}),
        ("see ISO and UTC", {}),
        ("0=new", {}),
        ("the state of a phase", {}),
        ("version 2.1 of 3.4", {}),
        ("", {}),
    ],
)
def test_a_comment_says_what_codes_mean_where_it_names_two(comment: str, meanings: dict[str, str]) -> None:
    assert find_meanings(comment) == meanings


def test_the_literals_of_a_view_are_its_texts_each_once() -> None:
    assert find_literals("SELECT 'a' AS x, 'it''s', CASE WHEN y = 'a' THEN '' END") == ("a", "it's", "")
