"""One ticket an order: whoever draws it first executes the order, or has withdrawn it, and nobody tells what he can't see."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from batchdrain.execution import tickets
from batchdrain.execution.process_identity import ProcessIdentity, identify_self, read_host_id
from batchdrain.execution.worker import files

TOKEN = "uid.key.1"
GUARDIAN = ProcessIdentity(read_host_id(), 77, 99)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    found = str(tmp_path / "tickets-uid")
    tickets.make_folder(found)
    return found


def test_the_folder_is_ours_alone_and_is_not_made_without_a_name(tmp_path: Path) -> None:
    tickets.make_folder(str(tmp_path / "tickets-uid"))
    assert (tmp_path / "tickets-uid").stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileNotFoundError, match=r"\] the session has no uid, of which its tickets would have their names\Z"):
        tickets.make_folder("")


def test_nothing_of_a_ticket_stays_open_and_what_it_says_is_not_for_others(folder: str) -> None:
    before = os.listdir("/proc/self/fd")
    tickets.draw(folder, TOKEN, GUARDIAN)
    tickets.draw(folder, TOKEN, GUARDIAN)
    tickets.lay(folder, "uid.other.1")
    tickets.note(folder, "uid.other.1", GUARDIAN)
    assert os.listdir("/proc/self/fd") == before
    assert {path.stat().st_mode & 0o777 for path in Path(folder).iterdir()} == {0o600}


def test_a_ticket_names_its_machine_for_people_and_a_note_leaves_nothing_of_an_earlier_one(folder: str) -> None:
    (Path(folder) / TOKEN).write_text("x" * 500)
    tickets.note(folder, TOKEN, GUARDIAN)
    ticket = tickets.read(folder, TOKEN)
    assert ticket is not None
    assert (ticket.host, ticket.guardian) == (socket.gethostname(), GUARDIAN)
    (Path(folder) / TOKEN).write_text("x" * 5_000)
    assert tickets.read(folder, TOKEN) is None


def states(folder: str, token: str = TOKEN) -> tuple[bool, bool]:
    """Whether it is drawn, and whether it can be withdrawn."""
    return tickets.is_drawn(folder, token), tickets.can_be_withdrawn(folder, token)


def test_who_draws_first_executes_and_nobody_can_withdraw_it_then(folder: str) -> None:
    assert states(folder) == (False, True)
    assert [tickets.draw(folder, TOKEN, GUARDIAN), tickets.draw(folder, TOKEN, None)] == [True, False]
    assert states(folder) == (True, False)
    ticket = tickets.read(folder, TOKEN)
    assert ticket is not None
    assert (ticket.guardian, ticket.drawer, ticket.is_of_here) == (GUARDIAN, identify_self(), True)


def test_a_ticket_that_was_drawn_without_a_guardian_is_withdrawn(folder: str) -> None:
    assert [tickets.draw(folder, TOKEN, None), tickets.draw(folder, TOKEN, GUARDIAN)] == [True, False]
    assert states(folder) == (True, True)


@pytest.mark.parametrize("left", [b"", b"{", b'{"host": "h", "host_id": "h", "drawer": [1]}', b"[]"])
def test_of_a_ticket_that_tells_of_nobody_nothing_is_said(folder: str, left: bytes) -> None:
    """Whoever drew it died over it, and may have begun before."""
    (Path(folder) / TOKEN).write_bytes(left)
    assert (tickets.read(folder, TOKEN), states(folder)) == (None, (True, False))


@pytest.mark.parametrize("token", ["../escaped", "a/b"])
def test_a_token_that_leads_out_of_the_folder_names_no_ticket(folder: str, token: str) -> None:
    with pytest.raises(FileNotFoundError):
        tickets.draw(folder, token, None)
    assert (tickets.read(folder, token), tickets.is_drawn(folder, token)) == (None, False)


def test_where_the_folder_is_not_to_be_seen_nobody_can_tell(tmp_path: Path) -> None:
    for folder in ("", str(tmp_path / "none")):
        assert states(folder) == (False, False)
        with pytest.raises(FileNotFoundError):
            tickets.draw(folder, TOKEN, None)
        tickets.note(folder, TOKEN, GUARDIAN)


def test_the_folder_stands_beside_the_spool_of_its_session() -> None:
    assert tickets.folder_of("/s/id/spool", "uid.key.1") == "/s/id/tickets-uid"
    assert [tickets.folder_of(*odd) for odd in (("", "uid.key.1"), ("/s/id/spool", ".key.1"), ("/s/id/spool", "../x.1"))] == [
        ""
    ] * 3


def test_a_ticket_that_an_engine_gives_is_laid_before_and_says_who_executes_it_later(folder: str) -> None:
    tickets.lay(folder, TOKEN)
    tickets.lay(folder, TOKEN)
    assert states(folder) == (True, False), "nobody can tell from here that it did not begin"
    tickets.note(folder, TOKEN, GUARDIAN)
    ticket = tickets.read(folder, TOKEN)
    assert ticket is not None
    assert ticket.guardian == GUARDIAN


def test_a_worker_draws_and_notes_as_a_controller_does(folder: str) -> None:
    assert [files.draw(folder, TOKEN, (77, 99)), files.draw(folder, TOKEN, (1, 2)), tickets.draw(folder, TOKEN, None)] == [
        True, False, False,
    ]  # fmt: skip
    tickets.lay(folder, "uid.other.1")
    files.note(folder, "uid.other.1", (77, 99))
    found = [tickets.read(folder, token) for token in (TOKEN, "uid.other.1")]
    assert [one and (one.guardian, one.drawer.pid) for one in found] == [(GUARDIAN, identify_self().pid)] * 2
