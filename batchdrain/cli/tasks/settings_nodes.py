"""Finds what YAML reads differently than it is meant, so that Invoke ends with a traceback:
keys that are no text, and invalid dates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from invoke.vendor import yaml as _of_invoke

_yaml: Final[Any] = _of_invoke
_TEXTS: Final = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"})
_KINDS: Final = {"int": "a number", "float": "a number", "bool": "true or false", "null": "nothing", "timestamp": "a date"}
_SHOWN_CHARS: Final = 60


def problem_of_nodes(top: Any) -> str | None:
    """The problem of the first node in a settings file that Invoke can't take; None if it takes all.
    Shows keys, never values."""
    if not isinstance(top, _yaml.MappingNode):
        return None if top is None or top.tag.endswith(":null") else "must be a mapping: {key: value}"
    loader = _yaml.SafeLoader("")
    for key, node, in_list in _walk(top):
        if node is key:
            problem = _problem_of_key(key, in_list)
        elif isinstance(node, _yaml.ScalarNode):
            problem = (
                None if _is_readable(loader, node) else f"the value of {_shown(key)} looks like {_kind_of(node)} and is none"
            )
        else:
            continue
        if problem is not None:
            return f"line {node.start_mark.line + 1}: {problem}; quote it, or correct it"
    return None


def _walk(top: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Yields each value with its key, and each key with itself, and whether a list is around them.
    A node that aliases repeat is walked once."""
    seen: set[int] = set()
    left: list[tuple[Any, Any, bool]] = [(None, top, False)]
    while left:
        key, node, in_list = left.pop()
        yield key, node, in_list
        if isinstance(node, _yaml.ScalarNode) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, _yaml.SequenceNode):
            left += [(key, inner, True) for inner in reversed(node.value)]
            continue
        for inner_key, inner in reversed(node.value):
            left += [(inner_key, inner, in_list), (inner_key, inner_key, in_list)]


def _problem_of_key(key: Any, in_list: bool) -> str | None:
    """Why a key can't be taken. Within a list Invoke does not look at keys, but a list can't be a key anywhere."""
    if not isinstance(key, _yaml.ScalarNode):
        return "a key must be a text, and is a list or a mapping"
    return None if in_list or key.tag in _TEXTS else f"the key {_shown(key)} must be a text, and is {_kind_of(key)}"


def _is_readable(loader: Any, node: Any) -> bool:
    try:
        loader.construct_object(node)
    except (ValueError, OverflowError):
        return False
    except _yaml.YAMLError:  # Invoke reports this
        return True
    return True


def _kind_of(node: Any) -> str:
    return _KINDS.get(node.tag.rpartition(":")[2], "something else")


def _shown(key: Any) -> str:
    return repr(str(key.value)[:_SHOWN_CHARS]) if isinstance(key, _yaml.ScalarNode) else "a key"
