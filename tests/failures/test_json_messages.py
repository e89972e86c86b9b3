"""The message of a failure that is a JSON document: the likelier key, the outer one, and what stands beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.failures.json_message import find_message
from batchdrain.failures.printed_lines import read_lines, strip_escapes
from batchdrain.failures.utf8 import to_utf8


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"message": "deep"}
    for _ in range(levels):
        found = {"inner": found}
    return found


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"message": "boom"}, "boom"),
        ({"Message": "boom"}, "boom"),
        ({"error": "late", "message": "boom"}, "boom: late"),
        ({"reason": "early", "msg": "boom"}, "boom: early"),
        ({"inner": {"message": "boom"}, "msg": "outer"}, "boom"),
        ({"inner": {"message": "boom"}, "message": "outer"}, "outer"),
        ({"message": " "}, None),
        ({"message": 7}, None),
        ({"a": 1}, None),
        ([{"message": "first"}, {"message": "second"}], "first"),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, "first"),
        ({"message": "boom", "type": "ValueError"}, "ValueError: boom"),
        ({"message": "ValueError: boom", "type": "ValueError"}, "ValueError: boom"),
        ({"message": "boom", "type": "not a kind"}, "boom"),
        ({"message": "boom", "code": 500}, "code 500: boom"),
        ({"message": "boom", "code": None, "status": "ENOENT"}, "status ENOENT: boom"),
        ({"message": "boom", "code": "a sentence"}, "boom"),
        ({"message": "Job failed", "cause": {"message": "disk full"}}, "Job failed: disk full"),
        ({"message": "disk", "error": "the disk is full"}, "the disk is full"),
        ({"message": "Job failed: disk full", "error": "disk full"}, "Job failed: disk full"),
        ({"message": "Job failed", "code": 7, "type": "E", "error": " no disk "}, "code 7: E: Job failed: no disk"),
        (deep(7), "deep"),
        (deep(8), None),
    ],
    ids=str,
)  # fmt: skip
def test_the_message_is_the_one_of_the_likeliest_key_with_what_belongs_to_it(found: Any, message: str | None) -> None:
    assert find_message(json.dumps(found)) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": 1, "message": "boom \\"x\\"", "tra', 'boom "x"'),
        ('{"error": "late", "message": "boom", "tra', "boom"),
        ('{"message": "boom \\u00', "boom \\u00"),
        ('{"message" : "a\\u12", "b', "a\\u12"),
        ('{"id": 1, "tra', None),
        ('boom {"message": "x"}', None),
        ('  [ { "message": "x"}]', "x"),
        ("{}", None),
    ],
)
def test_a_document_that_was_cut_is_read_as_far_as_it_goes_and_what_is_none_is_not_read(
    text: str, message: str | None
) -> None:
    assert find_message(text) == message


@pytest.mark.parametrize(("text", "raw"), [("é", "é".encode()), ("a\udc80b", "a\ufffdb".encode()), ("", b"")])
def test_a_text_that_has_no_utf8_gets_a_sign_that_is_no_letter(text: str, raw: bytes) -> None:
    assert to_utf8(text) == raw


def test_colours_and_links_of_a_terminal_are_no_part_of_a_line() -> None:
    assert (
        strip_escapes("\x1b[31;1mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\ \x00end\x7f\tand") == "red link end\tand"
    )


def test_lines_are_read_from_the_last_and_without_their_common_margin_and_prefix() -> None:
    assert [line.text for line in read_lines("  one\r\n    two\rthree")] == ["one", "two", "three"]
    many = read_lines("\n".join(f"line {number}" for number in range(1_600)))
    assert (len(many), many[0].text, many[-1].text) == (1_500, "line 100", "line 1599")
