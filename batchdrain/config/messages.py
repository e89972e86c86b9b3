"""Says in plain words what is wrong with a value. The messages of the validation library are for programmers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

_A_LIST: Final = "write a list: [a, b]"
_A_MAPPING: Final = "write a mapping: {key: value}"
_A_TRUTH: Final = "expected true or false"
_A_WHOLE: Final = "expected a whole number"
_MESSAGES: Final[Mapping[str, str]] = {
    "list_type": _A_LIST,
    "dict_type": _A_MAPPING,
    "mapping_type": _A_MAPPING,
    "model_type": _A_MAPPING,
    "model_attributes_type": _A_MAPPING,
    "string_type": "expected a text",
    "string_too_short": "must not be empty",
    "int_type": _A_WHOLE,
    "int_parsing": _A_WHOLE,
    "int_parsing_size": _A_WHOLE,
    "int_from_float": _A_WHOLE,
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": _A_TRUTH,
    "bool_parsing": _A_TRUTH,
    "missing": "is missing",
    "json_invalid": "is no JSON",
}
_BOUND: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "greater_than_equal": lambda of: f"must be at least {of['ge']:.15g}",
    "greater_than": lambda of: f"must be more than {of['gt']:.15g}",
    "less_than_equal": lambda of: f"must be at most {of['le']:.15g}",
    "less_than": lambda of: f"must be less than {of['lt']:.15g}",
    "literal_error": lambda of: f"expected {of['expected']}",
    "enum": lambda of: f"expected {of['expected']}",
}


def explain(error: ErrorDetails) -> str:
    """What was expected of a value, without the value itself, which may be a secret."""
    kind = error["type"]
    if kind == "too_short":
        return "must not be empty" if isinstance(error.get("input"), str) else f"must not be empty: {_A_LIST}"
    if kind in _BOUND:
        return _BOUND[kind](error.get("ctx", {}))
    return _MESSAGES.get(kind) or error["msg"].removeprefix("Value error, ")
