"""The guardian of a command: leases, orders in the middle, its spool, and that it stands by itself."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from batchdrain.execution import spooled
from batchdrain.execution.guards import Duty
from batchdrain.execution.order import EndedBy, Order
from batchdrain.execution.process import Post, _as_sent, _open_logs
from batchdrain.guardian.wire import boottime_ms
from tests.execution.test_process import Make
from tests.execution.test_process import order as order  # noqa: PLC0414 - a fixture
from tests.workplace import wait_for

HANG = "import time; open('up', 'w'); time.sleep(600)"


@pytest.fixture
def post() -> Post:
    return Post()


def guarded(order: Order, folder: Path, lease_s: float) -> Order:
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    return replace(order, spool_dir=str(spool), deadline_ms=boottime_ms() + round(lease_s * 1000), limit_rule="test")


def test_a_lease_that_is_not_renewed_ends_the_command(order: Make, post: Post, tmp_path: Path) -> None:
    ending = post.execute(guarded(order(HANG, grace_s=0.2), tmp_path, lease_s=0.5))
    post.close()
    assert (ending.by, ending.exit_code) == (EndedBy.LEASE, None)


def test_a_lease_that_is_renewed_lets_it_go_on_and_an_earlier_deadline_changes_nothing(
    order: Make, post: Post, tmp_path: Path
) -> None:
    wanted = guarded(order("import time; open('up', 'w'); time.sleep(1.5)"), tmp_path, lease_s=1.2)

    def renew() -> None:
        wait_for((tmp_path / "up").exists, "the command to run")
        post.extend(wanted.token, boottime_ms() + 60_000)
        post.extend(wanted.token, boottime_ms())

    renewing = threading.Thread(target=renew)
    renewing.start()
    ending = post.execute(wanted)
    renewing.join()
    post.close()

    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_what_is_no_longer_ours_is_killed_at_once(order: Make, post: Post, tmp_path: Path) -> None:
    wanted = guarded(order(HANG, grace_s=600), tmp_path, lease_s=600)

    def lose() -> None:
        wait_for((tmp_path / "up").exists, "the command to run")
        post.end(wanted.token)

    losing = threading.Thread(target=lose)
    losing.start()
    ending = post.execute(wanted)
    losing.join()
    post.close()

    assert ending.signal == signal.SIGKILL


@pytest.mark.parametrize(("program", "by"), [("raise SystemExit(3)", "exit"), (HANG, "timeout")])
def test_a_result_is_in_the_spool_until_it_is_discarded(
    order: Make, post: Post, tmp_path: Path, program: str, by: str
) -> None:
    wanted = guarded(order(program, timeout_s=0.5, grace_s=0.2), tmp_path, lease_s=60)
    ending = post.execute(wanted)
    post.close()

    record = spooled.read(wanted.spool_dir, wanted.token)
    assert record is not None
    assert (record["by"], record["exit_code"], record["limit_rule"]) == (by, ending.exit_code, "test")
    spooled.discard(wanted.spool_dir, wanted.token)
    assert spooled.read(wanted.spool_dir, wanted.token) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"token": "another"}', b"[" * 100_000], ids=str)
def test_a_spool_that_holds_something_else_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.json").write_bytes(content)
    assert spooled.read(str(tmp_path), "t") is None


def test_a_spool_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text(json.dumps({"token": "t"}))
    (tmp_path / "t.json").symlink_to("real.json")
    assert spooled.read(str(tmp_path), "t") is None


def test_a_dead_server_of_guardians_is_replaced_and_its_guardians_live_on(order: Make, post: Post, tmp_path: Path) -> None:
    wanted = guarded(order(HANG, timeout_s=2.0, grace_s=0.2), tmp_path, lease_s=60)
    endings = []
    first = threading.Thread(target=lambda: endings.append(post.execute(wanted)))
    first.start()
    wait_for((tmp_path / "up").exists, "the command to run")
    server = post._house._server
    assert server is not None
    server.kill()
    server.wait()

    other = replace(order("pass"), token="other.1", stdout_path=str(tmp_path / "o"), stderr_path=str(tmp_path / "e"))
    ending = post.execute(other)
    first.join()
    post.close()

    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)
    assert endings[0].by is EndedBy.TIMEOUT


def test_arguments_and_environment_arrive_byte_for_byte(order: Make, post: Post, tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe \xe2\x9c\x93 \n'$(x)")
    program = "import os; open('got', 'wb').write(os.fsencode(os.sys.argv[1]) + b'|' + os.environb[b'ODD'])"
    wanted = order(program)
    post.execute(replace(wanted, argv=(*wanted.argv, odd), env={"ODD": odd}))
    post.close()
    assert (tmp_path / "got").read_bytes() == b"|".join([os.fsencode(odd)] * 2)


def test_a_guardian_serves_one_order_after_another(order: Make, post: Post, tmp_path: Path) -> None:
    for number in range(3):
        wanted = replace(
            order("import os; open('who', 'a').write(f'{os.getppid()} ')"),
            token=f"t.{number}", stdout_path=str(tmp_path / f"o{number}"), stderr_path=str(tmp_path / f"e{number}"),
        )  # fmt: skip
        assert post.execute(wanted).exit_code == 0
    post.close()
    assert len(set((tmp_path / "who").read_text().split())) == 1


def test_an_idle_guardian_leaves_when_the_lease_that_it_knew_of_is_over(order: Make, post: Post, tmp_path: Path) -> None:
    """Its controller may be stopped: whoever comes after it waits for nobody."""
    first = guarded(order("pass"), tmp_path, lease_s=0.3)
    assert post.execute(first).exit_code == 0
    [guard] = post._spare
    wait_for(lambda: not guard.is_there(), "the guardian to leave")
    second = replace(order("pass"), token="t.2", stdout_path=str(tmp_path / "o2"), stderr_path=str(tmp_path / "e2"))
    ending = post.execute(second)
    post.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_a_word_about_the_last_order_does_not_end_the_next(order: Make, post: Post, tmp_path: Path) -> None:
    guard = post.hire()
    late = Duty(guard)
    first = order("pass")
    assert late.execute(_as_sent(first), _open_logs(first)) is not None
    late.end(kill=True)
    post.keep(guard)
    second = replace(order("pass"), token="t.2", stdout_path=str(tmp_path / "o2"), stderr_path=str(tmp_path / "e2"))
    ending = post.execute(second)
    post.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_a_guardian_that_dies_while_it_is_idle_is_replaced(order: Make, post: Post, tmp_path: Path) -> None:
    guard = post.hire()
    assert guard.identity is not None
    os.kill(guard.identity.pid, signal.SIGKILL)
    wait_for(lambda: not guard.is_there(), "the guardian to be gone")
    post.keep(guard)
    ending = post.execute(order("pass"))
    post.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)
