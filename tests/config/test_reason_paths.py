"""The way to a failure text in a JSON column, as people write it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from batchdrain.config.reason_setting import ReasonAt


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("error", ("error",)),
        ("error.message", ("error", "message")),
        ("$.error.message", ("error", "message")),
        ("$[0].text", ("0", "text")),
        ("errors[0].text", ("errors", "0", "text")),
        ("errors[-1]", ("errors", "-1")),
        ("[0][1].a", ("0", "1", "a")),
        ('"a.b".c', ("a.b", "c")),
        ('"a""b"', ('a"b',)),
        ('"[0]"', ("[0]",)),
        (" error . message ", ("error", "message")),
        ("$price", ("$price",)),
        (["a.b", 0], ("a.b", "0")),
        ((), ()),
    ],
)
def test_a_path_is_taken_apart_as_it_is_meant(path: object, parts: tuple[str, ...]) -> None:
    at = ReasonAt.model_validate({"column": "c", "path": path})
    assert at.path == parts
    assert ReasonAt.model_validate({"column": "c", "path": at.shown_path or ()}).path == parts


@pytest.mark.parametrize(
    "path", ["a..b", "a.", ".a", "a[x]", "a[0]b", 'a"b', '"a', "a]", 5, [True], [["a"]], [""], "[0", ["a"] * 51]
)
def test_a_path_that_leads_nowhere_for_sure_is_refused(path: object) -> None:
    with pytest.raises(ValidationError):
        ReasonAt.model_validate({"column": "c", "path": path})


@pytest.mark.parametrize(
    ("given", "written"),
    [({}, "c"), ({"path": "a"}, None), ({"path": "a", "write": "w"}, "w"), ({"write": "w"}, "w")],
)
def test_a_new_text_goes_where_one_may_be_written_and_never_into_a_json_column(
    given: dict[str, str], written: str | None
) -> None:
    assert ReasonAt.model_validate({"column": "c", **given}).written == written


def test_a_path_is_shown_as_people_write_it() -> None:
    paths = ["error.message", "errors[-1].text", "[-1].error", '"a.b".c']
    assert [ReasonAt.model_validate({"column": "c", "path": path}).shown_path for path in paths] == paths
