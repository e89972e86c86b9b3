"""Finds the place of a failure text in JSON values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from batchdrain.failures.json_message import MESSAGES

_TEXTS: Final = (*MESSAGES, "traceback", "stacktrace", "stack_trace", "backtrace")
"""Keys of failure texts: first those of messages, which are likeliest, then those of texts that come with a message."""
_DEEP: Final = 4
_LAST: Final = "[-1]"
"""The last item of a list: the newest failure stands behind the older ones."""
_SIGNS_OF_A_PATH: Final = frozenset('."[]')


def find_path(values: Sequence[object]) -> str | None:
    """The path at which most of the values have a text of such a name: `error.message` or `errors[-1].error`.
    None if there is none."""
    found: Counter[tuple[str, ...]] = Counter()
    for value in map(_parse, values):
        found.update(set(_walk(value, ())))
    fitting: list[tuple[str, ...]] = [path for path, count in found.items() if count * 2 > len(values)]
    if not fitting:
        return None
    path: tuple[str, ...] = min(fitting, key=_unlikeliness)
    return ".".join(path).replace(f".{_LAST}", _LAST)


def is_document(value: object) -> bool:
    """Whether it is an object or a list, as JSON or read from it. A bare text is none: it is its own reason."""
    return isinstance(_parse(value), dict | list)


def _unlikeliness(path: Sequence[str]) -> tuple[int, int, tuple[str, ...]]:
    return (_TEXTS.index(path[-1].lower()), len(path), tuple(path))


def _parse(value: object) -> object:
    if isinstance(value, str | bytes):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value


def _walk(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(path) >= _DEEP:
        return
    if isinstance(value, list) and value:
        yield from _walk(value[-1], (*path, _LAST))
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if not isinstance(key, str) or key != key.strip() or not key or not _SIGNS_OF_A_PATH.isdisjoint(key):
            continue
        if isinstance(inner, str) and inner.strip() and key.lower() in _TEXTS:
            yield (*path, key)
        yield from _walk(inner, (*path, key))
