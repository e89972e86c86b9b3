"""The claim transactions under every order of events, and the proof that the machine would see them broken."""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from batchdrain.database.ledger import finish_transaction, give_back, statements
from batchdrain.drain import recovery
from batchdrain.model.states import Outcome
from tests.chaos.expected import Row
from tests.chaos.machine import ClaimMachine
from tests.chaos.world import PHASES, World
from tests.support.soaking import share, soak

EVERYDAY = 250
SHRINKS = "BATCHDRAIN_TEST_SHRINK"
"""Set it to have a red machine look for a short example: that takes minutes, and a gate only asks whether it is red."""
_CHECKED = settings(
    phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if os.environ.get(SHRINKS) else ())),
    report_multiple_bugs=False,
    max_examples=EVERYDAY,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
_MUTATED = settings(_CHECKED, max_examples=2500, phases=(Phase.generate,))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(tmp_path, monkeypatch)
    monkeypatch.setattr(ClaimMachine, "world", world, raising=False)
    yield world
    world.close()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("examples", [EVERYDAY, pytest.param(share(5000), marks=soak)])
def test_no_order_of_events_breaks_a_promise_of_the_claims(world: World, examples: int) -> None:
    _walk_through_what_is_rare()
    run_state_machine_as_test(ClaimMachine, settings=settings(_CHECKED, max_examples=examples))

    met = {"claim", "claim repeated", "finish repeated", "reply lost", "zombie", "given back", "too late", "result found"}
    ends = set(Outcome) - {Outcome.REFUSED}  # no table of the model refuses anything: test_refusals.py
    assert world.met.keys() >= met | ends, "what never happened was not tested"


@dataclass(frozen=True)
class Mutant:
    """One fault in the real code, as an edit of its text."""

    module: ModuleType
    owner: type | None  #: of a method
    name: str
    text: str
    instead: str

    def let_loose(self, patch: pytest.MonkeyPatch) -> None:
        place: Any = self.owner or self.module
        source = textwrap.dedent(inspect.getsource(getattr(place, self.name)))
        assert source.count(self.text) == 1, f"the mutant has nothing to change in {self.name}: {self.text}"
        code = compile(source.replace(self.text, self.instead), "mutant", "exec")
        made: dict[str, Any] = {}
        exec(code, vars(self.module), made)
        patch.setattr(place, self.name, made[self.name])
        if self.owner is None:
            patch.setattr(recovery, self.name, made[self.name], raising=False)


def _give_back(text: str, instead: str) -> Mutant:
    return Mutant(give_back, give_back.GiveBack, "__call__", text, instead)


def _free(text: str, instead: str) -> Mutant:
    return Mutant(give_back, None, "_free", text, instead)


def _statements(text: str, instead: str) -> Mutant:
    return Mutant(statements, statements.Statements, "__init__", text, instead)


def _values(name: str, text: str, instead: str) -> Mutant:
    return Mutant(statements, None, name, text, instead)


def _finish(text: str, instead: str) -> Mutant:
    return Mutant(finish_transaction, finish_transaction.FinishTransaction, "__call__", text, instead)


_HOST_MS = "round(__import__('time').time() * 1000)"
MUTANTS = {
    "finish without the epoch": _statements(
        'ours = sa.and_(this, claims.c.epoch == given("the_epoch"),', 'ours = sa.and_(this, given("the_epoch").is_not(None),'
    ),
    "recover over a state of somebody else": _give_back(
        "why=self.why), ours)", "why=self.why), frozenset({self.tables.phases.read_row_state(connection, key).state}))"
    ),
    "orphan_count not raised by recover": _free("claims.c.orphan_count + 1", "claims.c.orphan_count"),
    "orphan_count not raised by finish": _values(
        "_set_free", 'claims.c.orphan_count + given("orphaned", type_=sa.Integer)', "claims.c.orphan_count"
    ),
    "orphan_count not reset by finish": _values("_set_free", 'given("counted", type_=sa.Integer) == 1, 0', "sa.false(), 0"),
    "finish repeated takes its own work for a loss": _finish(
        "return self._find_recorded(connection)", "raise ClaimLost('a higher epoch')"
    ),
    "finish repeated writes without looking": _finish("return self._find_recorded(connection)", "pass"),
    "lease compared with the host's clock": _free(
        "claims.c.lease_until_ms < db_now_ms()", f"claims.c.lease_until_ms < {_HOST_MS}"
    ),
    "lease written by the host's clock": _values(
        "_set_holder", '"lease_until_ms": db_now_ms() + given', f'"lease_until_ms": {_HOST_MS} + given'
    ),
    "lease not compared": _free("seen if gone else", "seen if True else"),
}


def _walk_through_what_is_rare() -> None:
    """Somebody else moves a row that is executed: by chance that is met in every other run alone."""
    machine = ClaimMachine()
    machine.begin(rows={name: Row("FAILED", "before") for name in PHASES})
    machine.claim(who="a", name="r/p", word=None, lost=False)
    machine.write_by_hand(name="r/p", word="CANCELLED", reason="by hand")
    machine.finish(back=0, outcome=Outcome.FAILED, reason="why", retry_in_s=None, lost=False)
    machine.teardown()


@pytest.mark.parametrize("name", MUTANTS)
def test_the_machine_sees(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].let_loose(monkeypatch)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(ClaimMachine, settings=_MUTATED)


@pytest.mark.skipif(SHRINKS in os.environ, reason="a short example is looked for")
def test_a_machine_that_is_red_tries_no_more_examples_than_one_that_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shorter example would take minutes to be found, in which nobody hears that a promise is broken."""
    begun, begin = list[int](), world.begin

    def count_and_begin(rows: dict[str, Row]) -> None:
        begun.append(1)
        begin(rows)

    monkeypatch.setattr(world, "begin", count_and_begin)
    MUTANTS["orphan_count not raised by recover"].let_loose(monkeypatch)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(ClaimMachine, settings=_CHECKED)

    assert len(begun) <= EVERYDAY


@pytest.mark.parametrize(
    ("later", "mutant"),
    [
        ("a", None),
        ("b", None),
        ("a", (", claims.c.epoch == epoch, claims", ", claims")),
        ("b", ("claims.c.epoch == epoch, claims.c.owner == held.owner", "claims.c.owner.is_not(None)")),
    ],
    ids=["real, same", "real, other", "without the epoch", "with neither epoch nor owner"],
)
def test_a_recovery_that_was_held_up_frees_no_later_claim(
    later: str, mutant: tuple[str, str] | None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same controller by the epoch alone: the owner is the same, and its lease is over. Too rare to be met by chance."""
    if mutant is not None:
        _free(*mutant).let_loose(monkeypatch)
    machine = ClaimMachine()
    machine.begin(rows={name: Row("FAILED", "before") for name in PHASES})
    machine.drain(who="a", name="r/p", outcome=Outcome.FAILED)
    machine.claim(who=later, name="r/p", word=None, lost=False)
    machine.db_clock(ms=70_000)

    with pytest.raises(AssertionError) if mutant is not None else nullcontext():
        machine.recover_late(back=1)
        machine.teardown()
