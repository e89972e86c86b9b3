"""Rows as drivers give them, names as SQL writes them, and how runs are counted and told. Pure."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from batchdrain.config.settings import Patience
from batchdrain.database import network_disk, run_counts
from batchdrain.database.dialects import engine_options_of, login_s_of
from batchdrain.database.ledger.held_claims import _to_codes
from batchdrain.database.ledger.schema import require_known
from batchdrain.database.ledger.tables import SCHEMA_VERSION
from batchdrain.database.network_disk import find_kernel_kind, find_network_kind, network_disk_problem_of
from batchdrain.database.phases.columns import from_parameter, to_parameter
from batchdrain.database.phases.names import join_name, quote_name, split_name
from batchdrain.database.phases.pages import SHORT_ID, Page, Row, redact_rows, to_index, to_reason, to_rows, to_text
from batchdrain.database.run_counts import PhaseTotals, RunCounts, describe_counts, describe_reading, read_run_counts
from batchdrain.model.errors import ConfigError
from batchdrain.model.state_words import StateWords
from batchdrain.model.states import PhaseState

LONG = "x" * (SHORT_ID + 1)


@pytest.mark.parametrize(
    ("rows", "is_sound"),
    [
        ([], True),
        ([("r", "p", 1, None), ("r", "q", None, "x")], True),
        ([("r", "p", 1, "ü\x00")], True),
        ([("x" * SHORT_ID, "p", 1, None)], True),
        ([("x" * SHORT_ID, "x" * SHORT_ID, 1, None)] * 3, True),
        ([(LONG, "p", 1, None)], False),
        ([("r", LONG, 1, None)], False),
        ([("", "p", 1, None)], False),
        ([("r", "", 1, None)], False),
        ([("r", "p", 1, None), ("rü", "p", 1, None)], False),
        ([("r\x00", "p", 1, None)], False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_ids_are_sound_together_where_each_of_them_is(rows: list[Any], is_sound: bool) -> None:
    page = Page.of(rows)
    assert (page.has_sound_ids, list(page.rows)) == (is_sound, rows)


class _Unmeasured(str):
    """A text that must not be asked for its length."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        raise AssertionError("asked")


def test_of_many_ids_none_is_asked_for_its_length() -> None:
    rows = [(_Unmeasured("run-1"), _Unmeasured(f"phase-{number}"), number, None) for number in range(500)]
    assert Page.of(rows).has_sound_ids


def test_rows_of_whatever_types_become_rows_of_texts() -> None:
    page = Page.of([(1, b"x", "7", b"why \xff"), (None, 2.5, "no number", 5)])
    assert list(page.rows) == [Row("1", "", 7, "why \udcff"), Row("", "2.5", None, "5")]
    assert list(Page.of([("r", "p", 2.9, None)]).rows) == [Row("r", "p", 2, None)]
    assert list(to_rows([page, Page.of([("r", "p", 1, None)])]))[2] == Row("r", "p", 1, None)
    told = redact_rows([page, Page.of([("r", "p", 1, None)])], lambda text: f"<{text}>")
    assert [row.reason for row in told] == ["<why \udcff>", "<5>", None]


@pytest.mark.parametrize(
    ("value", "index"),
    [(None, None), (b"5", None), ("5", 5), ("-5.9", -5), (True, 1), ("x", None), (float("nan"), None), (float("inf"), None),
     (2**63 - 1, 2**63 - 1), (2**63, 2**63 - 1), (-(2**70), -(2**63) + 1), ("1e400", None), ([], None)],
    ids=str,
)  # fmt: skip
def test_an_index_is_a_number_of_64_bits_or_none(value: object, index: int | None) -> None:
    assert to_index(value) == index


def test_a_text_is_a_name_and_a_reason_is_kept_to_its_bytes() -> None:
    assert [to_text(value) for value in (None, b"x", 0, "a")] == ["", "", "0", "a"]
    assert [to_reason(value) for value in (None, b"\xff", 0, "")] == [None, "\udcff", "0", ""]
    for text in (None, "", "plain", "ü ✓", "bad \udcff end"):
        assert from_parameter(to_parameter(text)) == text
    assert [to_parameter(text) for text in ("plain", "ü", "\udcff")] == ["plain", "ü", b"\xff"]


@pytest.mark.parametrize(
    ("name", "parts", "quoted"),
    [
        ("phases", (None, "phases"), '"phases"'),
        ("s.phases", ("s", "phases"), '"s"."phases"'),
        ('"a.b"', (None, "a.b"), '"a.b"'),
        ('s."a ""b"""', ("s", 'a "b"'), '"s"."a ""b"""'),
        ("a%b", (None, "a%b"), '"a%b"'),
        ("a.b.c", ("a", "b.c"), '"a"."b.c"'),
        ('"""x"""', (None, '"x"'), '"""x"""'),
    ],
)
def test_a_name_is_taken_apart_as_sql_takes_it(name: str, parts: tuple[str | None, str], quoted: str) -> None:
    assert split_name(name) == parts
    assert split_name(join_name(*parts)) == parts
    assert quote_name(*parts) == quoted
    assert quote_name("s", "a`b", "`") == "`s`.`a``b`"


def test_runs_are_counted_by_state_and_come_most_queued_first(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = {("b", "F"): 2, ("a", "F"): 2, ("c", "Q"): 1, ("d", "E"): 4, ("d", "X"): 3, ("d", "C"): 5, ("e", "F"): 7}
    monkeypatch.setattr(run_counts, "count_by_run_and_state", lambda *_: counted)
    ids = SimpleNamespace(order=SimpleNamespace(run=str))
    states = {state: StateWords.of([state.value[0].upper()]) for state in PhaseState}
    table: Any = SimpleNamespace(states=states, ids=ids)
    nobody: Any = None

    found = read_run_counts(nobody, table)

    assert [row.run_id for row in found] == ["c", "e", "a", "b", "d"]
    assert found[4] == RunCounts(run_id="d", complete=5, other=7)
    assert [row.unfinished for row in found] == [1, 7, 2, 2, 7]
    counts = "11 failed, 1 queued, 5 complete, 7 other in 5 runs"
    assert describe_counts(found) == describe_reading(PhaseTotals.of(found), {"failed": 11, "queued": 1}) == counts
    assert (
        describe_reading(PhaseTotals.of(found), {"failed": 12, "queued": 1})
        == f"{counts} (the backlog had 12 failed when it was read)"
    )


@pytest.mark.parametrize(
    ("url", "operation_s", "login_s"),
    [
        ("postgresql://h/d", 30, 20.0),
        ("postgresql://h/d", 3, 6.0),
        ("postgresql:///d?host=a,b,c", 30, 60.0),
        ("postgresql:///d?host=a&host=b", 30, 40.0),
        ("postgresql:///d", 30, 20.0),
        ("mysql://h/d", 30, 20.0),
    ],
)
def test_a_login_may_take_ten_seconds_for_each_address_of_each_host(url: str, operation_s: float, login_s: float) -> None:
    assert login_s_of(make_url(url), Patience(operation_s=operation_s)) == login_s


def test_an_engine_waits_no_longer_than_patience_says_and_leaves_nothing_in_a_session() -> None:
    patience = Patience(operation_s=40, lock_s=7)
    sqlite, postgresql, mysql = (
        engine_options_of(make_url(f"{kind}://h/d"), patience) for kind in ("sqlite", "postgresql", "mysql")
    )
    assert sqlite == {"hide_parameters": True, "pool_use_lifo": True, "connect_args": {"timeout": 40}}
    assert (postgresql["hide_parameters"], mysql["hide_parameters"]) == (True, True)
    assert (postgresql["isolation_level"], mysql["isolation_level"]) == ("READ COMMITTED", "READ COMMITTED")
    assert postgresql["connect_args"] == {
        "connect_timeout": 10, "application_name": "batchdrain", "client_encoding": "utf8", "prepare_threshold": None,
    }  # fmt: skip
    given = mysql["connect_args"]
    assert (given["connect_timeout"], given["read_timeout"], given["write_timeout"]) == (10, 40, 40)
    assert "innodb_lock_wait_timeout=7, time_zone='+00:00'" in given["init_command"]
    assert engine_options_of(make_url("mysql://h/d"), Patience(operation_s=0.1))["connect_args"]["read_timeout"] == 1


@pytest.mark.parametrize(
    ("version", "is_known"),
    [("1", True), (str(SCHEMA_VERSION), True), (str(SCHEMA_VERSION + 1), False), ("x", False), ("", False)],
)
def test_tables_of_a_newer_version_are_refused(version: str, is_known: bool) -> None:
    if is_known:
        require_known(version, "d")
        return
    with pytest.raises(ConfigError, match="upgrade batchdrain"):
        require_known(version, "d")


@pytest.mark.parametrize(
    ("text", "codes"),
    [("[0, 3]", (0, 3)), ("[]", None), (None, None), ("", None), ("5", None), ('["0"]', None), ("[true]", None), ("[0, 1.0]", None),
     ("{", None), ('{"0": 1}', None), ("[" * 100_000, None)],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_success_codes_of_a_claim_are_numbers_or_not_known(text: str | None, codes: tuple[int, ...] | None) -> None:
    assert _to_codes(text) == codes


def test_a_file_lies_on_the_disk_that_the_machine_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path.stat().st_dev
    own, table = f"{os.major(device)}:{os.minor(device)}", tmp_path / "mountinfo"
    monkeypatch.setattr(network_disk, "_MOUNTS", table)

    def mount(number: str, kind: str) -> str:
        return f"36 35 {number} / /mnt/our\\040share rw shared:1 master:2 - {kind} server:/share rw\n"

    for mounts, network, kernel in (
        (mount(own, "nfs4"), "nfs4 at /mnt/our share", None),
        (mount("0:0", "nfs4") + mount(own, "ext4"), None, None),
        (mount("0:0", "ext4") + mount(own, "proc"), None, "proc at /mnt/our share"),
    ):
        table.write_text(mounts)
        assert (find_network_kind(tmp_path), find_kernel_kind(tmp_path)) == (network, kernel)
        assert (network_disk_problem_of(tmp_path) is not None) is (network is not None)
    assert find_network_kind(tmp_path / "absent") is None
