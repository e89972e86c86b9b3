"""What of an id stands in the name of a file: a person finds it by that, and nothing else is meant by it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

CHARS: Final = 60
_READ_CHARS: Final = 1_000
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+|\.{2,}")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)  # on some systems no files
_HASHES: Final = (8, 16, 32)


def to_slug(text: str, instead: str) -> str:
    """At most CHARS of A-Z, a-z, 0-9, '.', '_' and '-', neither a dot nor a dash first or last; letters lose their accents.

    `instead`: where nothing of the id can be written. Two ids may have one slug.
    """
    letters = (sign for sign in unicodedata.normalize("NFKD", text[:_READ_CHARS]) if not unicodedata.combining(sign))
    slug = _UNFIT.sub("-", "".join(letters)).strip(".-")[:CHARS].strip(".-") or instead
    return f"{instead}-{slug}"[:CHARS].rstrip(".-") if _RESERVED.match(slug) else slug


def names_of(text: str, instead: str) -> Iterator[str]:
    """The slug, then the slug with ever longer hashes of the whole id: for where another id has that name already."""
    slug = to_slug(text, instead)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    yield slug
    for length in _HASHES:
        yield f"{slug}-{digest[:length]}"


class Namings:
    """Which id has which name, compared as a file system that knows no case does. Grows with the ids."""

    def __init__(self, instead: str) -> None:
        self._instead = instead
        self._owners: dict[str, bytes] = {}
        self._spellings: dict[str, str] = {}

    def name(self, text: str) -> str:
        """The first name that no other id has. The same for an id whenever it is asked."""
        own = _digest(text)
        found = ""
        for found in names_of(text, self._instead):
            if self._spellings.get(found.lower(), found) != found:
                continue
            if self._owners.setdefault(found.lower(), own) == own:
                return found
        return found  # four ids of one hash: their files are made exclusively all the same

    def learn(self, name: str, text: str) -> None:
        """An id has a name already."""
        self._owners.setdefault(name.lower(), _digest(text))

    def meet(self, name: str) -> None:
        """It is there, and nobody knows whose it is: an id whose name it is, as it is spelled, may have it."""
        self._spellings.setdefault(name.lower(), name)

    def reserve(self, name: str) -> None:
        """Something else has it: nobody else may."""
        self._owners.setdefault(name.lower(), b"")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:12]
