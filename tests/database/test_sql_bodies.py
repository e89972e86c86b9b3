"""What the body of a trigger, a routine or a view names: in doubt a name is taken in, and what can't be read is said to be unclear."""

from __future__ import annotations

import pytest

from batchdrain.database.sql_body import read_sql_body

KNOWN = frozenset({"COUNT", "IF", "VALUES", "IN", "MAX"})


def names(*found: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(name.split(".")) for name in found)


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("INSERT INTO log VALUES (1)", ["log"]),
        ("INSERT log VALUES (1)", ["log"]),
        ("REPLACE INTO log VALUES (1)", ["log"]),
        ("INSERT LOW_PRIORITY IGNORE INTO log VALUES (1)", ["log"]),
        ("INSERT HIGH_PRIORITY INTO log VALUES (1)", ["log"]),
        ("INSERT DELAYED INTO log VALUES (1)", ["log"]),
        ("DELETE QUICK FROM log", ["log"]),
        ("DELETE FROM other.log WHERE id = 1", ["other.log"]),
        ("UPDATE log SET n = n + 1", ["log"]),
        ("UPDATE `a``b` SET n = 1", ["a`b"]),
        ("UPDATE a, b SET a.n = b.n", ["a", "b"]),
        ("UPDATE a JOIN b ON a.i = b.i SET a.n = 1", ["a", "b"]),
        ("UPDATE a SET n = 1; SELECT x, y FROM c JOIN d", ["a"]),
        ("SELECT x FROM a, b JOIN c", []),
        ("INSERT INTO log VALUES (1) ON DUPLICATE KEY UPDATE n = 1", ["log"]),
        ("SELECT * FROM a FOR UPDATE", []),
        ("SELECT REPLACE(a, 'x', 'y') FROM b", []),
        ("SELECT INSERT(a, 1, 2, 'y') FROM b", []),
        ("-- UPDATE hidden SET n = 1\nUPDATE log SET n = 1", ["log"]),
        ("# UPDATE hidden SET n = 1\nUPDATE log SET n = 1", ["log"]),
        ("/* UPDATE hidden SET n = 1 */ UPDATE log SET n = 1", ["log"]),
        ("/*! UPDATE log SET n = 1 */", ["log"]),
        ("/*M!100100 UPDATE log SET n = 1 */", ["log"]),
        ("SET @x = 'UPDATE hidden SET n = 1'", []),
        ("SET @x = 'it''s UPDATE hidden SET n = 1'", []),
        (r"SET @x = 'it\'s UPDATE hidden SET n = 1'", []),
        ("update Log set n = 1", ["Log"]),
    ],
)  # fmt: skip
def test_a_name_in_the_place_of_a_table_that_is_written_to(body: str, written: list[str]) -> None:
    found = read_sql_body(body, "", KNOWN)
    assert (found.written, found.is_unclear) == (names(*written), False)
    assert found.named >= found.written


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("CALL tidy", ["tidy"]),
        ("CALL tidy()", ["tidy"]),
        ("CALL other.tidy(1)", ["other.tidy"]),
        ("SET @x = judge(1)", ["judge"]),
        ("SET @x = other.judge (1)", ["other.judge"]),
        ("SELECT count(*), max(n) FROM log", []),
        ("IF (n > 1) THEN SELECT 1; END IF", []),
        ("SELECT `count`(1)", ["count"]),
        ("INSERT INTO log (a) VALUES (1)", []),
        ("INSERT INTO log (a) VALUES (judge(1))", ["judge"]),
        ("SELECT a.count(1)", ["a.count"]),
    ],
)
def test_a_name_before_a_parenthesis_is_called_unless_it_is_known_not_to_be(body: str, called: list[str]) -> None:
    found = read_sql_body(body, "", KNOWN)
    assert (found.called, found.is_unclear) == (names(*called), False)


@pytest.mark.parametrize(
    "body",
    [
        "PREPARE s FROM @x",
        "EXECUTE s",
        "SELECT 1 INTO OUTFILE '/x'",
        "SELECT 1 INTO DUMPFILE '/x'",
        "SELECT 'never ends",
        'SELECT "x',
        "SELECT `x",
    ],
)
def test_what_is_made_while_it_runs_and_what_can_not_be_read_is_unclear(body: str) -> None:
    assert read_sql_body(body, "", KNOWN).is_unclear


def test_a_body_of_oracles_ways_is_unclear() -> None:
    assert read_sql_body("UPDATE log SET n = 1", "PIPES_AS_CONCAT,ORACLE", KNOWN).is_unclear


@pytest.mark.parametrize(
    ("mode", "body", "named"),
    [
        ("", 'SET @x = "hidden"', ["SET"]),
        ("ANSI_QUOTES", 'UPDATE "a""b" SET n = 1', ["UPDATE", 'a"b', "SET", "n", "1"]),
        ("NO_BACKSLASH_ESCAPES", "SET @x = '\\', shown", ["SET", "shown"]),
        ("", "SET @x = '\\', hidden'", ["SET"]),
        ("ANSI_QUOTES,NO_BACKSLASH_ESCAPES", 'SET @x = "shown"', ["SET", "shown"]),
        ("", "SELECT @a, @@b.c, a.b.c", ["SELECT", "a.b.c"]),
    ],
)
def test_quotes_mean_what_the_mode_says(mode: str, body: str, named: list[str]) -> None:
    found = read_sql_body(body, mode, KNOWN)
    assert (found.named, found.is_unclear) == (names(*named), False)
