"""A connection that nobody can watch is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from batchdrain.database import deadlines
from batchdrain.database.connection import open_database
from batchdrain.model.errors import FilesUnavailable
from tests.chaos.fake_servers import mute, strange


@pytest.mark.parametrize("scheme", ["postgresql", "mysql+pymysql"])
def test_where_no_thread_can_watch_it_no_connection_is_left_open(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would close it: not even one is made."""

    def refuse(_: Callable[[], None], __: str) -> NoReturn:
        raise FilesUnavailable("can't start new thread", remedy="")

    monkeypatch.setattr(deadlines, "begin", refuse)
    with strange(mute) as server:
        database = open_database(f"{scheme}://u:p@127.0.0.1:{server.port}/d")
        with pytest.raises(FilesUnavailable, match="new thread"), database.read():
            pass
        database.close()
    assert not server.met
