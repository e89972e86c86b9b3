"""No secret that we can know of gets into a table, a file, a report or onto a screen.

Known are: the database's password, the parts of its URL's query that are not listed as harmless, the values of variables
whose names suggest a secret, and passwords in URLs and connection strings in any variable. Each secret is looked for as it
is, line by line if it has several lines, and in the forms of `secret_forms`. A password in any URL within a text is removed
too, whether we know it or not. The log of a command itself is stored as the command wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from sqlalchemy.engine import URL

from batchdrain.config.secret_forms import Form, forms_of
from batchdrain.config.secret_names import SHOWN_IN_URLS, is_common, is_secret_name

SHOWN: Final = "***"
_OF_OURS: Final = re.compile(
    r"INVOKE_BATCHDRAIN_(?!DATABASE_URL)|BATCHDRAIN_(?:ATTEMPT|EPOCH|FAILURE_REASON|PHASE_ID|PHASE_INDEX|RESULT_FILE|RUN_ID|"
    r"SESSION_ID|TOKEN|TRIAGE)$"
)
"""Variables that we pass to a command, which may be another drain. No other variable is ours, whatever its name begins
with."""
_IN_URL: Final = re.compile(r"(://[^\s/:@]*:)[^\s/]+(?=@)")
_OF_URL: Final = (
    re.compile(r"://[^\s/:@]*:([^\s@]+)@"),  # ends at the first '@', as SQLAlchemy reads it
    re.compile(r"://[^\s/:@]*:([^\s/]+)@"),  # ends at the last '@' before the path, as people mean it
)
_OF_CONNECTION: Final = re.compile(
    r"(?<![A-Za-z])(?:password|passwd|pwd|accountkey|sharedaccesskey|sig)\s*=\s*('[^']+'|\"[^\"]+\"|[^\s;&]+)", re.IGNORECASE
)
_BEHIND_SCHEME: Final = re.compile(r"(?:basic|bearer|digest|token)\s+(\S+)", re.IGNORECASE)
_BEHIND_USER: Final = re.compile(r"[^\s:/]+:([^\s/]\S*)")
_BEHIND_HOST: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?\s]+(/\S+)", re.IGNORECASE)
_WRITTEN_ENDS: Final = re.compile(r"(?:(?<!\\)\\++[rn])+")
_OF_COOKIE: Final = re.compile(r"[\w-]+=([^;\s]+)")
Redact = Callable[[str], str]


def redactor_of(environ: Mapping[str, str], url: URL, options: Mapping[str, Any] | None = None) -> Redact:
    """A function that takes the known secrets out of a text. `options`: the options of the engine."""
    forms = {form for secret in _find_all(environ, url, options or {}) for form in forms_of(secret)}
    pieces = [(form.piece, form) for form in sorted(forms, key=lambda form: (-len(form.text), form.text))]
    compiled = cache(Form.compile)

    def redact(text: str) -> str:
        for piece, form in pieces:
            if len(form.text) <= len(text) and piece in text:  # an occurrence is never shorter than the secret
                text = compiled(form).sub(SHOWN, text)
        return _IN_URL.sub(rf"\1{SHOWN}", text) if "@" in text and "://" in text else text

    return redact


def redact_all(redact: Redact, texts: Sequence[str]) -> Sequence[str]:
    """Redact many texts. Most hold no secret, and looking through them one by one would take longer than reading them, so
    they are first searched as one joined text. Whatever would be found in one of them is found there too, as joining only
    adds line ends between them."""
    joined = "\n".join(texts)
    return texts if redact(joined) == joined else list(map(redact, texts))


def _find_all(environ: Mapping[str, str], url: URL, options: Mapping[str, Any]) -> set[str]:
    """All secrets, each whole and line by line."""
    whole = {form for one in (*_find_secrets(environ, url), *_find_in_json(options)) for form in _readings(one)}
    found = {secret for one in whole for secret in (one, one.strip(), *map(str.strip, one.splitlines()))}
    return {secret for secret in found if secret}


def _readings(value: str) -> Iterator[str]:
    r"""The value as it is, and as programs read it from a file of variables: with \n for line ends, and without the quotes
    around it."""
    for read in dict.fromkeys((value, _WRITTEN_ENDS.sub("\n", value))):
        yield read
        bare = read.strip()
        if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
            yield bare[1:-1]


def _find_secrets(environ: Mapping[str, str], url: URL) -> Iterator[str]:
    yield str(url.password or "")
    for name, given in url.query.items():
        for value in (given,) if isinstance(given, str) else given:
            if name.lower() not in SHOWN_IN_URLS and not is_common(name, value):
                yield value
            yield from _find_passwords(value)
    for name, value in environ.items():
        if not _OF_OURS.match(name):
            if is_secret_name(name):
                yield from _find_in_secret(name, value)
            yield from _find_passwords(value)


def _find_passwords(value: str) -> Iterator[str]:
    """The passwords in the URLs and connection strings within a value."""
    if "://" in value:
        for pattern in _OF_URL:
            yield from (form for found in pattern.findall(value) for form in (found, unquote(found)))
    yield from (found.strip("'\"") for found in _OF_CONNECTION.findall(value))


def _find_in_secret(name: str, value: str) -> Iterator[str]:
    """A secret value, and the secret part of a value such as user:secret, Bearer secret, a cookie or JSON."""
    if is_common(name, value):
        return
    yield from (value, unquote_plus(value))
    for pattern in (_BEHIND_SCHEME, _BEHIND_USER, _BEHIND_HOST):
        if (found := pattern.fullmatch(value)) is not None:
            yield found[1]
    if "=" in value:
        yield from _OF_COOKIE.findall(value)
    if value.lstrip().startswith(("{", "[")):
        try:
            yield from _find_in_json(json.loads(value))
        except (ValueError, RecursionError):
            return


def _find_in_json(value: Any) -> Iterator[str]:
    """The texts in it whose keys suggest a secret."""
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield from (
            text
            for name, text in value.items()
            if isinstance(text, str) and is_secret_name(name) and not is_common(name, text)
        )
    for one in inner:
        yield from _find_in_json(one)
