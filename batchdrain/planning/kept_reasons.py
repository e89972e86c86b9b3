"""Keeps for each row of a reading the rule that skips it, so that a plan can be explained without reading the rows again.

A million rows would take much memory, so beyond a few they are in a file without a name, in the folder for temporary files.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, Final

from batchdrain.database.phases.pages import Page
from batchdrain.model.errors import FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.reading import Categorise, Reading, Reasons

_WITHOUT_REFERENCES: Final = 2  #: the version of marshal that does not look for equal objects; there are few
_AT_HAND: Final = 1 << 20  #: bytes that are kept in memory; a small backlog has no file
_REMEDY: Final = "fix its disk, or name another folder by TMPDIR"


class KeptReasons:
    """What a reading has found out about its rows."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None  # None: nothing is kept, or not all that was read
        self._sizes = array("q")  # of the pages in the file
        self._skips: list[Skip | None] = []
        self._is_complete = False

    def wrap(self, read: Callable[[], Reading], categorise: Categorise) -> Callable[[], Reading]:
        """`read`, made to note its rows."""

        def read_and_note() -> Reading:
            found = read()
            builder = LaneBuilder(found.rules, categorise, found.redact, counts_only=True)
            return replace(found, pages=self.note(found.pages, builder))

        return read_and_note

    def note(self, pages: Iterable[Page], builder: LaneBuilder) -> Iterator[Page]:
        """Yields `pages`, and keeps what `builder` says of their rows in place of what was kept before. If they can't be
        written, nothing is kept."""
        self.close()
        self._file = SpooledTemporaryFile(_AT_HAND)  # noqa: SIM115 - closed by `close`
        numbers: dict[Skip | None, int] = {}
        for page in pages:
            skips = builder.skips_of(page)
            for skip in set(skips).difference(numbers):
                numbers[skip] = len(numbers)
            if self._file is not None and skips:
                self._write(_pack(page, list(map(numbers.__getitem__, skips))))
            yield page
        self._flush()
        self._skips, self._is_complete = list(numbers), self._file is not None

    def reasons(self, refused: Mapping[PhaseKey, Skip]) -> Reasons | None:
        """For each row the rule that skips it, or None if it may be drained; None if not all rows were kept. The rows have no
        failure texts, and can be read once. `refused`: phases that turned out later to be skipped, although no rule skips
        them."""
        if not self._is_complete or self._file is None:
            return None
        return self._read(self._file, {(key.run_id, key.phase_id): skip for key, skip in refused.items()})

    def close(self) -> None:
        """Forget what is kept."""
        if self._file is not None:
            with suppress(OSError):  # it tries once more to write what a full disk did not take
                self._file.close()
        self._file, self._sizes, self._skips, self._is_complete = None, array("q"), [], False

    def _write(self, content: bytes) -> None:
        try:
            if self._file is not None:
                self._file.write(content)
        except OSError:  # a full disk, or no folder for the file
            self.close()
        else:
            self._sizes.append(len(content))

    def _flush(self) -> None:
        try:
            if self._file is not None:
                self._file.flush()
        except OSError:
            self.close()

    def _read(self, file: IO[bytes], refused: Mapping[tuple[str, str], Skip]) -> Reasons:
        try:
            file.seek(0)
            for size in self._sizes:
                page, numbers = _unpack(file.read(size))
                skips = list(map(self._skips.__getitem__, numbers))
                yield (
                    page,
                    [skip or refused.get(ids) for ids, skip in zip(page.ids, skips, strict=True)] if refused else skips,
                )
        except (OSError, EOFError, TypeError, ValueError) as error:  # somebody cut the file
            raise FilesUnavailable(f"{gettempdir()}: {error}", remedy=_REMEDY) from error
        finally:
            self.close()


def _pack(page: Page, numbers: list[int]) -> bytes:
    """A page without its failure texts, and a number for each row."""
    ids = map("\x00".join, page[:2]) if page.has_sound_ids else map(tuple, page[:2])  # a sound id holds no NUL
    told = numbers[0] if numbers.count(numbers[0]) == len(numbers) else array("L", numbers).tobytes()
    return marshal.dumps((*ids, tuple(page.indexes), told), _WITHOUT_REFERENCES)


def _unpack(content: bytes) -> tuple[Page, Sequence[int]]:
    """Raises EOFError, TypeError and ValueError if it is not what was packed."""
    runs, phases, indexes, told = marshal.loads(content)  # noqa: S302  # nosec B302 - ours
    is_sound = isinstance(runs, str)
    if is_sound:
        runs, phases = runs.split("\x00"), phases.split("\x00")
    page = Page(runs, phases, indexes, (None,) * len(runs), is_sound)
    return page, [told] * len(runs) if isinstance(told, int) else memoryview(told).cast("L").tolist()
