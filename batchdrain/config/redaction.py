"""No secret that we can know of goes into a table, a file, a report or onto a screen.

What is known: the database's password, what its URL says beside what drivers know, the values of variables whose names say
that they are secret, and the passwords in the URLs and connection strings of all variables. Each is looked for as it is, line
by line where it has several, and in the forms of `secret_forms`. A password in any URL of a text is taken out too, whether we
know it or not. The log of a command itself is stored as the command wrote it.
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
"""What we hand to a command, which may be a drain itself; nothing else is ours, whatever it begins with."""
_IN_URL: Final = re.compile(r"(://[^\s/:@]*:)[^\s/]+(?=@)")
_OF_URL: Final = (
    re.compile(r"://[^\s/:@]*:([^\s@]+)@"),  # up to the first '@', as SQLAlchemy reads it
    re.compile(r"://[^\s/:@]*:([^\s/]+)@"),  # up to the last one before the path, as people mean it
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
    """A function that takes the known secrets out of a text. `options`: of the engine."""
    forms = {form for secret in _find_all(environ, url, options or {}) for form in forms_of(secret)}
    pieces = [(form.piece, form) for form in sorted(forms, key=lambda form: (-len(form.text), form.text))]
    compiled = cache(Form.compile)

    def redact(text: str) -> str:
        for piece, form in pieces:
            if len(form.text) <= len(text) and piece in text:  # no form of a secret is shorter than it
                text = compiled(form).sub(SHOWN, text)
        return _IN_URL.sub(rf"\1{SHOWN}", text) if "://" in text and "@" in text else text

    return redact


def redact_all(redact: Redact, texts: Sequence[str]) -> Sequence[str]:
    """Most texts hold no secret. All are looked through at once: one by one that would take longer than reading them. What is
    found in one of them is found in all together, as no secret goes on behind the end of a line by itself."""
    joined = "\n".join(texts)
    return texts if redact(joined) == joined else list(map(redact, texts))


def _find_all(environ: Mapping[str, str], url: URL, options: Mapping[str, Any]) -> set[str]:
    """Each whole, and line by line."""
    whole = {form for one in (*_find_secrets(environ, url), *_find_in_json(options)) for form in _readings(one)}
    found = {secret for one in whole for secret in (one, one.strip(), *map(str.strip, one.splitlines()))}
    return {secret for secret in found if secret}


def _readings(value: str) -> Iterator[str]:
    r"""As it is, and as a program reads it that takes it from a file of variables: the ends of its lines written as \n, and
    quotes around it."""
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
    """Of any value: those of the URLs and connection strings in it."""
    if "://" in value:
        for pattern in _OF_URL:
            yield from (form for found in pattern.findall(value) for form in (found, unquote(found)))
    yield from (found.strip("'\"") for found in _OF_CONNECTION.findall(value))


def _find_in_secret(name: str, value: str) -> Iterator[str]:
    """The value itself, and what of it is the secret where it says more: user:secret, Bearer secret, a cookie, JSON."""
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
    """What is named as a secret in it."""
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield from (
            text
            for name, text in value.items()
            if isinstance(text, str) and is_secret_name(name) and not is_common(name, text)
        )
    for one in inner:
        yield from _find_in_json(one)
