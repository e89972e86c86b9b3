"""What travels to workers with each order: guardian and runner in a zip, and the function that brings them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from batchdrain.execution.worker import carrier

_HERE: Final = Path(__file__).parent
_ROOMS: Final = ("guardian", "worker")
_LONG_AGO: Final = (2020, 1, 1, 0, 0, 0)


def make_call(first: Callable[[str], bool] | None) -> Callable[[bytes], bytes]:
    """Make the function that an engine is given to call. However it is pickled, the pickle names nothing of ours: a worker makes
    the function from its text."""
    return carrier.Call(_read_source(), zip_code(), first)


@cache
def zip_code() -> bytes:
    """The zip. The same code always makes the same bytes: by their hash a worker knows what it has."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("batchdrain/__init__.py", "batchdrain/execution/__init__.py"):
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), "")
        for room in _ROOMS:
            for path in sorted((_HERE / room).glob("*.py")):
                member = zipfile.ZipInfo(f"batchdrain/execution/{room}/{path.name}", _LONG_AGO)
                archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return found.getvalue()


@cache
def _read_source() -> str:
    return Path(carrier.__file__).read_text(encoding="utf-8")
