"""What is read of a claim that is held: each field from its own column, and nothing from what somebody spoilt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.held_claims import Held, _to_codes, read_held
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.phase import PhaseKey, RowState
from tests.database.bench import Bench, opened, taken
from tests.support.workplace import Workplace

GUARD = ProcessIdentity("h", 70, 90)
CLAIM = (
    "UPDATE batchdrain_claim SET host_id = 'h', ctl_pid = 7, ctl_start = 9, guard_pid = 70, guard_start = 90, spool_dir = '/spool', "
    "prior_state = 'OLD', prior_reason = 'why', prior_kind = 'kind', held_state = 'EXECUTING', orphan_count = 4, attempts = 2, "
    "success_codes = '[0, 3]', group_key = 'g', lease_until_ms = {}"
)


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    sqlite_project.fail("r/p", "r/q", reason="before")
    yield from opened(sqlite_project, Command(argv=["true"]))


def held(bench: Bench) -> list[Held]:
    with bench.database.read() as connection:
        return read_held(connection, bench.ledger, bench.table)


def test_each_field_of_a_claim_is_that_of_its_column(bench: Bench) -> None:
    claim = taken(bench.claim(bench.controller(), "r/p"))
    bench.work.sql(CLAIM.format("99999999999999"))
    [found] = held(bench)
    assert (found.key, found.digest, found.epoch, found.attempt) == (claim.phase.key, claim.phase.key.digest, 1, 1)
    assert (found.controller, found.guardian, found.spool_dir) == (ProcessIdentity("h", 7, 9), GUARD, "/spool")
    assert found.prior == RowState(state="OLD", reason="why", kind="kind")
    assert (found.held_state, found.orphanings, found.group_key, found.success_codes) == ("EXECUTING", 4, "g", (0, 3))
    assert (found.session_uid, found.has_attempt, found.has_name, found.token) == ("a" * 32, True, True, claim.token)
    assert found.lease_left_ms > 0
    bench.work.sql("UPDATE batchdrain_claim SET lease_until_ms = 1")
    assert held(bench)[0].lease_left_ms < 0


def test_what_nobody_holds_and_what_is_of_another_table_is_not_held(bench: Bench) -> None:
    for name in ("r/p", "r/q"):
        taken(bench.claim(bench.controller(), name))
    bench.work.sql("UPDATE batchdrain_claim SET owner = NULL WHERE key = :k", [{"k": PhaseKey("r", "p").digest}])
    assert [str(one.key) for one in held(bench)] == ["r / q"]
    bench.work.sql("UPDATE batchdrain_claim SET source = 'others'")
    assert held(bench) == []


def test_a_claim_whose_attempt_and_row_are_gone_has_no_name_but_a_mark_of_it(bench: Bench) -> None:
    claim = taken(bench.claim(bench.controller(), "r/p"))
    bench.work.sql("DELETE FROM batchdrain_attempt")
    [found] = held(bench)
    assert (found.key, found.has_attempt, found.has_name) == (claim.phase.key, False, True)
    bench.work.sql("DELETE FROM phases")
    [found] = held(bench)
    assert (found.key.phase_id, found.digest) == (claim.phase.key.digest[:16], claim.phase.key.digest)
    assert not found.has_name
    bench.work.sql("DROP TABLE batchdrain_attempt")
    assert [(one.digest, one.has_attempt) for one in held(bench)] == [(claim.phase.key.digest, False)]


def test_an_attempt_of_another_epoch_or_table_is_not_the_claims(bench: Bench) -> None:
    taken(bench.claim(bench.controller(), "r/p"))
    for change in ("epoch = 2", "epoch = 1, source = 'others'"):
        bench.work.sql(f"UPDATE batchdrain_attempt SET {change}")
        assert [one.has_attempt for one in held(bench)] == [False]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (None, None), ("", None), ("null", None), ("[]", None), ("[0]", (0,)), ("[0, 3]", (0, 3)), ("[true]", None), ('["0"]', None),
        ("[0.0]", None), ("7", None), ("{}", None), ("no json", None), ("[" * 9_000, None),
    ],
)  # fmt: skip
def test_only_a_list_of_whole_numbers_says_which_codes_meant_success(text: str | None, codes: tuple[int, ...] | None) -> None:
    assert _to_codes(text) == codes
