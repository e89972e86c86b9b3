"""No secret that we can know of goes into a table, a file, a report or onto a screen.

What is known: the database's password and the values of variables whose names say that they are secret. Each is looked
for as it is, quoted for a URL, and in base64. The log of a command itself is stored as the command wrote it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL

SHOWN: Final = "***"
_NAMED_SECRET: Final = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_NO_SECRETS: Final = re.compile(r"BATCHDRAIN_|INVOKE_BATCHDRAIN_(?!DATABASE_URL)")
_LEAST_CHARS: Final = 6
Redact = Callable[[str], str]


def redactor(environ: Mapping[str, str], url: URL) -> Redact:
    """A function that takes the known secrets out of a text."""
    forms = sorted(set(_forms(_secrets(environ, url))), key=len, reverse=True)
    if not forms:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, forms)))
    return lambda text: pattern.sub(SHOWN, text)


def _secrets(environ: Mapping[str, str], url: URL) -> Iterable[str]:
    yield str(url.password or "")
    for name, value in (*environ.items(), *url.query.items()):
        if isinstance(value, str) and _NAMED_SECRET.search(name) and not _NO_SECRETS.match(name):
            yield value


def _forms(secrets: Iterable[str]) -> Iterable[str]:
    for secret in secrets:
        if len(secret) >= _LEAST_CHARS:
            raw = secret.encode("utf-8", "surrogateescape")
            yield from (secret, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"))
            yield from (base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("="))
