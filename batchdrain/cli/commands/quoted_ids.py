"""Finds numbers and dates in a settings file where an id is meant: YAML reads 007 as 7, which is no run's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from invoke.vendor import yaml as _of_invoke

from batchdrain.model.errors import ConfigError

_yaml: Final[Any] = _of_invoke
_SECTION: Final = "batchdrain"
_NAMING: Final = ("depends_on", "run_types", "states")
"""Every text below these keys is an id, a glob or a word of the user's."""
_KINDS: Final = {"int": "a number", "float": "a number", "timestamp": "a date"}


def require_quoted_ids(files: Sequence[Path]) -> None:
    """Raises ConfigError with all values that YAML reads differently from how they are written.
    A plain 7 is fine: it is the id '7'."""
    problems = [f"{path}: {problem}" for path in files if path.suffix in {".yaml", ".yml"} for problem in _find_in(path)]
    if problems:
        raise ConfigError.of(problems)


def _find_in(path: Path) -> Iterator[str]:
    try:
        raw = path.read_bytes()
        if not any(name.encode() in raw for name in _NAMING):
            return
        top = _yaml.compose(raw, Loader=_yaml.SafeLoader)
    except (OSError, _yaml.YAMLError):  # whoever reads the file reports this
        return
    loader = _yaml.SafeLoader("")
    for node in _scalars_of(top):
        if node.tag.endswith(":null") and not node.value:
            yield f"line {node.start_mark.line + 1}: a key or a dash has no value: write the word that you mean, or null"
        kind = _KINDS.get(node.tag.rpartition(":")[2])
        if kind is None:
            continue
        found = loader.construct_object(node)
        if str(found) != node.value or kind == "a date":
            yield f"line {node.start_mark.line + 1}: YAML reads {node.value} as {kind} ({found}): quote it"


def _scalars_of(top: Any) -> Iterator[Any]:
    """The scalars in our section below the keys that hold ids."""
    left = [(value, False) for key, value in _pairs_of(top) if key.value == _SECTION]
    seen: set[int] = set()
    while left:
        node, is_named = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, _yaml.ScalarNode):
            if is_named:
                yield node
        elif isinstance(node, _yaml.SequenceNode):
            left += [(inner, is_named) for inner in reversed(node.value)]
        else:
            left += [(value, is_named or key.value in _NAMING) for key, value in reversed(node.value)]


def _pairs_of(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, _yaml.MappingNode) else []
