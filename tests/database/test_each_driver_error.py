"""How each error of each driver is taken: a code that is lost, added or moved is seen here, whether or not a server can raise it."""

from __future__ import annotations

import pytest

from batchdrain.database.driver_error_table import DRIVER_ERRORS, Code, Meaning, find_by_text, find_driver_error

AT_ONCE = True
TAKEN: dict[tuple[str, Meaning, bool], str] = {
    ("postgresql", Meaning.OUTAGE, False): "25006 08 57P04 57P05 25P03 25P04 53 58 55006 HV",
    ("postgresql", Meaning.OUTAGE, AT_ONCE): "57P01 57P02 57P03",
    ("postgresql", Meaning.CONFLICT, AT_ONCE): "40001 40P01 40003 72 26000 42P05",
    ("postgresql", Meaning.LOCK, AT_ONCE): "55P03 57014",
    ("postgresql", Meaning.LOST_CLAIM, False): "23505",
    ("postgresql", Meaning.ROW, False): "22 23 40002 44 09 27 38 39 P0 54 XX",
    ("postgresql", Meaning.CONFIGURATION, False): "42 3F 0A 55000 21 F0",
    ("postgresql", Meaning.ACCESS, False): "28 3D",
    ("mysql", Meaning.OUTAGE, AT_ONCE): "2006 2013",
    ("mysql", Meaning.OUTAGE, False): (
        "1290 1792 1836 1040 1041 1135 1203 1226 1637 1053 1077 1079 1080 1927 4031 1042 1043 1129 1152 1154 1155 1156 1157 1158 "
        "1159 1160 1161 1184 1021 1030 1037 1038 1114 1180 1206 1047 2000 2001 2002 2003 2004 2005 2007 2008 2009 2010 2011 2012 "
        "2014 2026 2027 2048 2055"
    ),
    ("mysql", Meaning.CONFLICT, AT_ONCE): "1213 1020 1412 1615 1317",
    ("mysql", Meaning.LOCK, AT_ONCE): "1205 3572 1969 3024",
    ("mysql", Meaning.LOST_CLAIM, False): "1062",
    ("mysql", Meaning.ROW, False): (
        "1153 2020 1301 1264 1265 1292 1365 1366 1367 1406 1411 1441 1525 1690 1300 4079 1048 1169 1216 1217 1364 1369 1451 1452 "
        "1526 1586 1748 3819 4025 1644 1442 1172 1242 1712 1034 126 127 134"
    ),
    ("mysql", Meaning.CONFIGURATION, False): "1142 1143 1227 1370 1449 1054 1064 1146 1305 1356 1031 1036 1288 1348 1471 1178",
    ("mysql", Meaning.ACCESS, False): "1044 1045 1049 1130 1251 1275 1698 1820 1862 2059",
    ("sqlite", Meaning.OUTAGE, AT_ONCE): "5 6",
    ("sqlite", Meaning.CONFLICT, AT_ONCE): "4 9 15 17",
    ("sqlite", Meaning.ROW, False): "18 19 20 25",
    ("sqlite", Meaning.LOST_CLAIM, False): "1555 2067",
    ("sqlite", Meaning.ACCESS, False): "3 8 14 23",
    ("sqlite", Meaning.CONFIGURATION, False): "1 2 12 16 21 22 24",
    ("sqlite", Meaning.FILES, False): "7 10 13 11 26",
}  # fmt: skip


def code_of(database: str, word: str) -> Code:
    return word if database == "postgresql" else int(word)


@pytest.mark.parametrize("kind", TAKEN, ids=lambda kind: f"{kind[0]}, {kind[1]}{', at once' if kind[2] else ''}")
def test_each_code_is_taken_for_what_it_is(kind: tuple[str, Meaning, bool]) -> None:
    database, meaning, at_once = kind
    for word in TAKEN[kind].split():
        found = find_driver_error(database, code_of(database, word))
        assert found is not None, word
        assert (word, found.database, found.meaning, found.at_once) == (word, *kind)
    found_codes = {
        code
        for error in DRIVER_ERRORS
        if (error.database, error.meaning, error.at_once) == (database, meaning, at_once)
        for code in error.codes
    }
    assert found_codes == {code_of(database, word) for word in TAKEN[kind].split()}


@pytest.mark.parametrize(
    ("database", "code", "meaning"),
    [
        ("postgresql", "08006", Meaning.OUTAGE),
        ("postgresql", "25001", None),
        ("postgresql", "23505", Meaning.LOST_CLAIM),
        ("postgresql", "23502", Meaning.ROW),
        ("postgresql", "40001", Meaning.CONFLICT),
        ("postgresql", "40002", Meaning.ROW),
        ("postgresql", "0A000", Meaning.CONFIGURATION),
        ("postgresql", "99999", None),
        ("sqlite", 5 | 1 << 8, Meaning.OUTAGE),
        ("sqlite", 10 | 13 << 8, Meaning.FILES),
        ("sqlite", 1555, Meaning.LOST_CLAIM),
        ("sqlite", 19 | 3 << 8, Meaning.ROW),
        ("mysql", 9999, None),
    ],
)
def test_a_code_that_is_not_listed_is_taken_as_its_class(database: str, code: Code, meaning: Meaning | None) -> None:
    found = find_driver_error(database, code)
    assert (None if found is None else found.meaning) is meaning


@pytest.mark.parametrize(
    ("message", "meaning", "at_once"),
    [
        ("ERROR: cached plan must not change result type", Meaning.CONFLICT, True),
        ("transaction blocks not allowed in statement pooling mode", Meaning.CONFIGURATION, False),
        ("something else", None, False),
    ],
)
def test_an_error_whose_code_says_too_little_is_known_by_its_message(
    message: str, meaning: Meaning | None, *, at_once: bool
) -> None:
    found = find_by_text(message)
    assert (meaning, at_once) == (None, False) if found is None else (found.meaning, found.at_once) == (meaning, at_once)
