"""An order on its way to a guardian: in one piece if it fits, and whole if it does not."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from batchdrain.execution.guardian.wire import Inbox, send_order


def test_an_order_arrives_in_one_piece_so_that_its_reader_wakes_up_once() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_order(ours, {"argv": ["true"]}, [ours.fileno()])
        heard, descriptors, _, _ = socket.recv_fds(theirs, 1 << 16, 4)
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
    for descriptor in descriptors:
        os.close(descriptor)
    assert (heard[5:], len(descriptors)) == (b'{"argv": ["true"]}', 1)


def test_an_order_that_no_buffer_holds_arrives_whole_with_its_descriptors() -> None:
    order = {"argv": ["true"], "env": {f"V{number}": "x" * 100_000 for number in range(20)}}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=send_order, args=(ours, order, [ours.fileno(), theirs.fileno()]))
        sender.start()
        found = Inbox(theirs).read_order()
        sender.join()
    assert found is not None
    for descriptor in found[1]:
        os.close(descriptor)
    assert (found[0], len(found[1])) == (order, 2)
