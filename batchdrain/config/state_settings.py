"""The section `source.states`: the user's words for each state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from batchdrain.config.section import Section, leaf
from batchdrain.config.values import NonEmptyText
from batchdrain.model.errors import did_you_mean
from batchdrain.model.state_words import StateWords, quote_word, to_value, to_word

_MOST: Final = 100
_KEYS: Final = ("read", "write")
_NO_TEXT: Final = "expected a text, a list of texts, or {read: [a, b], write: a}"
_TRUTH: Final = "YAML reads a bare yes, no, on or off as true or false: quote it (a column of 0 and 1 takes 0 or 1)"


def to_state_words(given: object) -> StateWords:
    """Parse a word, a list of words, or `{read: …, write: …}`. Raises ValueError."""
    if isinstance(given, StateWords):
        return given
    if not isinstance(given, Mapping):
        return StateWords.of(_to_list(given))
    if unknown := [str(key) for key in given if key not in _KEYS]:
        raise ValueError(f"{unknown[0]!r} is not a known key{did_you_mean(unknown[0], _KEYS)}")
    if "read" not in given:
        raise ValueError("read is missing: {read: [a, b], write: a}")
    write = to_one_word(given["write"]) if "write" in given else None
    return StateWords.of(_to_list(given["read"]), write)


def text_to_words(text: str) -> object:
    """Parse the text of a variable: a list or a mapping as JSON, else one word, which may contain commas."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def to_one_word(given: object) -> str:
    """Parse a text, a whole number, or null. Raises ValueError."""
    if isinstance(given, bool):
        raise ValueError(_TRUTH)  # noqa: TRY004 - pydantic collects ValueErrors
    if given is not None and not isinstance(given, str | int):
        raise ValueError("expected a text, a whole number or null for each word")
    if isinstance(given, str) and "\x00" in given:
        raise ValueError("must not contain a NUL character")
    return to_word(given)


def _to_list(given: object) -> list[str]:
    if isinstance(given, list | tuple):
        if not given:
            raise ValueError("must not be empty")
        if len(given) > _MOST:
            raise ValueError(f"has {len(given)} words; at most {_MOST} are taken")
        return [to_one_word(one) for one in given]
    if given == "":
        raise ValueError("must not be empty: for rows whose state is an empty text write ['']")
    if given is not None and not isinstance(given, str | int):
        raise ValueError(_NO_TEXT)
    return [to_one_word(given)]


def _to_given(words: StateWords) -> Any:
    """The words in the form of the configuration. Equal values give the same form; a single plain word is a text."""
    read = [to_value(state_word) for state_word in words.read]
    if words.write != words.read[0]:
        return {"read": read, "write": to_value(words.write)}
    return read[0] if len(read) == 1 and read[0] != "" else read


_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final[dict[str, Any]] = {"anyOf": [_TEXT, {"type": "null"}]}
_LIST: Final[dict[str, Any]] = {"type": "array", "items": _TEXT_OR_NULL}
_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [_TEXT_OR_NULL, _LIST, {"type": "object", "properties": {"read": _LIST, "write": _TEXT_OR_NULL}}],
    "x-takes": "a word, a list of words, or `{read: …, write: …}`",  # for docs/configuration.md
}
Words = Annotated[
    StateWords, PlainValidator(to_state_words), PlainSerializer(_to_given, return_type=Any), WithJsonSchema(_SCHEMA)
]
OneWord = Annotated[NonEmptyText | None, BeforeValidator(lambda given: to_value(to_one_word(given)))]
"""A single word, as the value in the column."""


def _default(default: str, says: str) -> Any:
    return leaf(StateWords.of([default]), says, json_schema_extra={"default": default})


class States(Section):
    """The user's words for the states: one word, a list of which the first is written, or `{read: [a, b], write: a}`."""

    failed: Words = _default("FAILED", "the phase failed: `drain` takes it")
    queued: Words = _default("QUEUED", "the phase was never tried: `drain-queued` takes it")
    executing: NonEmptyText = leaf("EXECUTING", "a controller holds the phase; one word")
    complete: Words = _default("COMPLETE", "the phase is done")

    @model_validator(mode="after")
    def _require_distinct(self) -> States:
        owners: dict[str, str] = {}
        for name in ("failed", "queued", "executing", "complete"):
            for state_word in self.words_of(name):
                if state_word in owners:
                    raise ValueError(
                        f"{quote_word(state_word)} stands for {owners[state_word]} and for {name}: a word means one state, so remove it "
                        "from one of them (what is written is read too)"
                    )
                owners[state_word] = name
        return self

    def words_of(self, name: str) -> StateWords:
        """The words of a state, given by its name."""
        found = getattr(self, name)
        return found if isinstance(found, StateWords) else StateWords.of([to_word(found)])
