"""No secret that we can know of goes into a table, a file, a report or onto a screen.

What is known: the database's password, the values of variables whose names say that they are secret, and the passwords in
the URLs and connection strings of all variables. Each is looked for as it is, line by line where it has several, quoted
for a URL, and in base64. A password in any URL of a text is taken out too, whether we know it or not. The log of a command
itself is stored as the command wrote it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus, unquote

from sqlalchemy.engine import URL

SHOWN: Final = "***"
_NAMED_SECRET: Final = re.compile(r"pass|secret|token|key|credential|_pwd|^pwd.|dsn|auth(?!or)", re.IGNORECASE)
_NO_SECRETS: Final = re.compile(r"BATCHDRAIN_|INVOKE_BATCHDRAIN_(?!DATABASE_URL)")
_IN_URL: Final = re.compile(r"(://[^\s/:@]*:)[^\s/]+(?=@)")
_OF_URL: Final = (
    re.compile(r"://[^\s/:@]*:([^\s@]+)@"),  # up to the first '@', as SQLAlchemy reads it
    re.compile(r"://[^\s/:@]*:([^\s/]+)@"),  # up to the last one before the path, as people mean it
)
_OF_CONNECTION: Final = re.compile(r"\b(?:password|passwd|pwd)\s*=\s*('[^']+'|\"[^\"]+\"|[^\s;&]+)", re.IGNORECASE)
_LEAST_CHARS: Final = 6
Redact = Callable[[str], str]


def is_secret_name(name: str) -> bool:
    """Whether a variable, or a part of a URL's query, of this name holds a secret."""
    return _NAMED_SECRET.search(name) is not None


def redactor_of(environ: Mapping[str, str], url: URL) -> Redact:
    """A function that takes the known secrets out of a text."""
    forms = sorted(set(_forms_of(_find_secrets(environ, url))), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def redact(text: str) -> str:
        if pattern is not None:
            text = pattern.sub(SHOWN, text)
        return _IN_URL.sub(rf"\1{SHOWN}", text) if "://" in text and "@" in text else text

    return redact


def _find_secrets(environ: Mapping[str, str], url: URL) -> Iterable[str]:
    yield str(url.password or "")
    for name, value in (*environ.items(), *url.query.items()):
        if not isinstance(value, str) or _NO_SECRETS.match(name):
            continue
        if is_secret_name(name):
            yield value
        if "://" in value:
            for pattern in _OF_URL:
                yield from (form for found in pattern.findall(value) for form in (found, unquote(found)))
        yield from (found.strip("'\"") for found in _OF_CONNECTION.findall(value))


def _forms_of(secrets: Iterable[str]) -> Iterable[str]:
    for secret in secrets:
        for one in {secret, *secret.splitlines()}:
            if len(one) >= _LEAST_CHARS:
                raw = one.encode("utf-8", "surrogateescape")
                yield from (one, quote(one, safe="", errors="replace"), quote_plus(one, errors="replace"))
                yield raw.decode(errors="replace")  # as we read it when the command prints it
                yield from (base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("="))
