"""The readable part of an id in the name of a file. It helps people to find the file, and has no other meaning."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

CHARS: Final = 60
_READ_CHARS: Final = 1_000
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+|\.{2,}")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)  # on Windows, no files
_HASHES: Final = (8, 16, 32)


def to_slug(text: str, instead: str) -> str:
    """At most CHARS of A-Z, a-z, 0-9, '.', '_' and '-', with neither a dot nor a dash first or last; letters lose their accents.

    `instead`: used if nothing of the id can be written. Two ids may have the same slug.
    """
    letters = text[:_READ_CHARS]
    if not letters.isascii():
        letters = "".join(sign for sign in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(sign))
    slug = _UNFIT.sub("-", letters).strip(".-")[:CHARS].strip(".-") or instead
    return f"{instead}-{slug}"[:CHARS].rstrip(".-") if _RESERVED.match(slug) else slug


def names_of(text: str, instead: str) -> Iterator[str]:
    """The slug, then the slug with ever longer hashes of the whole id, for the case that another id has the name already."""
    slug = to_slug(text, instead)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    yield slug
    for length in _HASHES:
        yield f"{slug}-{digest[:length]}"


class Namings:
    """Assigns names to ids. Names are compared as on a file system that ignores case. Grows with the ids."""

    def __init__(self, instead: str) -> None:
        self._instead = instead
        self._owners: dict[str, bytes] = {}
        self._spellings: dict[str, str] = {}

    def name(self, text: str) -> str:
        """The first name that no other id has. An id always gets the same name."""
        own = _digest(text)
        found = ""
        for found in names_of(text, self._instead):
            if self._spellings.get(found.lower(), found) != found:
                continue
            if self._owners.setdefault(found.lower(), own) == own:
                return found
        return found  # four ids share a hash; their files are created exclusively all the same

    def learn(self, name: str, text: str) -> None:
        """Note that an id has this name already."""
        self._owners.setdefault(name.lower(), _digest(text))

    def meet(self, name: str) -> None:
        """Note a name that exists without a known owner. An id whose name is spelled exactly like it may have it."""
        self._spellings.setdefault(name.lower(), name)

    def reserve(self, name: str) -> None:
        """Note that something else has this name: no id may have it."""
        self._owners.setdefault(name.lower(), b"")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:12]
