"""MariaDB may have two tables whose names differ in case alone: the ledger keeps them apart, and what it knew of each stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batchdrain.config.settings import Command, Settings, Source
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.renamed import part_from_twin
from batchdrain.database.ledger.source_names import apart_name_of
from batchdrain.database.store import Store
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from tests.database.bench import NOW, attempt_of, choice_of, taken
from tests.support.workplace import Workplace


@pytest.fixture
def place(tmp_path: Path, mariadb_url: str) -> Workplace:
    found = Workplace(root=tmp_path, url=mariadb_url)
    found.make_table()
    found.fail("r/p")
    found.sql("ALTER TABLE phases RENAME TO Phases")
    return found


def add_twin(place: Workplace) -> None:
    place.sql("CREATE TABLE phases LIKE Phases")
    place.sql("INSERT INTO phases SELECT * FROM Phases")


@contextmanager
def opened(place: Workplace, table: str) -> Iterator[Store]:
    store = Store.open(place.url, Settings(source=Source(table=table)))
    try:
        store.ledger.create(store.database)
        yield store
    finally:
        store.close()


def claims_of(store: Store, owner: str = "a") -> Claims:
    return Claims(store, Command(argv=["true"]), owner * 32)


def hold(store: Store, owner: str = "a") -> int:
    claim = claims_of(store, owner).claim(choice_of("r/p"), lease_s=60, run_type="default", now=NOW)
    return taken(claim).epoch


def sources(place: Workplace) -> set[str]:
    tables = ("claim", "attempt")
    return {source for table in tables for (source,) in place.sql(f"SELECT source FROM batchdrain_{table}")}


def test_each_of_two_tables_whose_names_differ_in_case_alone_has_its_own_claims(place: Workplace) -> None:
    add_twin(place)
    with opened(place, "Phases") as one, opened(place, "phases") as other:
        assert (hold(one), hold(other, "b")) == (1, 1)
        assert [held.session_uid[0] for held in one.history.read_held()] == ["a"]
        assert [held.session_uid[0] for held in other.history.read_held()] == ["b"]
    assert len(sources(place)) == 2


def test_a_table_without_such_a_twin_keeps_its_bare_name(place: Workplace) -> None:
    with opened(place, "Phases") as store:
        hold(store)
        assert not part_from_twin(store)
    assert sources(place) == {"Phases"}


def test_what_was_known_under_the_bare_name_stays_while_a_claim_is_held_and_then_goes_along(place: Workplace) -> None:
    with opened(place, "Phases") as store:
        claims = claims_of(store)
        claim = taken(claims.claim(choice_of("r/p"), lease_s=60, run_type="default", now=NOW))
        add_twin(place)
        with opened(place, "Phases") as again:
            assert again.ledger.source == "Phases"
            assert not part_from_twin(again)
            assert sources(place) == {"Phases"}
            place.sql("INSERT INTO batchdrain_claim SELECT 'others', \"key\", 1, owner, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                      "NULL, 0, 0, NULL, NULL, NULL, NULL FROM batchdrain_claim")  # fmt: skip
            claims.finish(claim, attempt_of(claim, Outcome.FAILED))
            assert part_from_twin(again)
            again.reopen_ledger()
            assert hold(again) == 2, "the epoch grows on"
            assert not part_from_twin(again)
    assert {source.partition("-")[0] for source in sources(place)} == {"Phases", "others"}
    assert "Phases" not in sources(place)


def test_a_table_that_was_parted_keeps_that_name_when_its_twin_is_dropped(place: Workplace) -> None:
    add_twin(place)
    with opened(place, "Phases") as store:
        hold(store)
        apart = store.ledger.source
    place.sql("DROP TABLE phases")
    with opened(place, "Phases") as store:
        assert store.ledger.source == apart != "Phases"


def claim_of(claims: Claims, phase: str = "r/p") -> object:
    return claims.claim(choice_of(phase), lease_s=60, run_type="default", now=NOW)


@pytest.mark.parametrize("first", ["former", "present"])
def test_a_drain_that_began_before_the_twin_shares_its_claims_with_later_ones(place: Workplace, first: str) -> None:
    """Nothing but the claim keeps two from the same phase if the command sets its state."""
    command = Command(argv=["true"], result_from="database")
    with opened(place, "Phases") as store:
        former = Claims(store, command, "a" * 32)
        add_twin(place)
        with opened(place, "Phases") as again:
            present = Claims(again, command, "b" * 32)
            if first == "former":
                claim = taken(former.claim(choice_of("r/p"), lease_s=60, run_type="default", now=NOW))
                assert claim_of(present) is None
                former.finish(claim, attempt_of(claim, Outcome.FAILED))
            assert claim_of(present) is not None
            with pytest.raises(ConfigError, match="has another name in batchdrain's tables since this drain began"):
                claim_of(former)
            with opened(place, "phases") as twin:
                assert claim_of(Claims(twin, command, "c" * 32)) is not None


def test_a_claim_that_an_earlier_version_holds_under_the_bare_name_is_respected_beside_the_name_apart(
    place: Workplace,
) -> None:
    """Such a version knows no other name, and writes on while later drains use theirs. Only the table that it meant is concerned."""
    place.sql("INSERT INTO Phases (run_id, phase_id, phase_index, state) VALUES ('r', 'q', 1, 'FAILED')")
    command = Command(argv=["true"], result_from="database")
    with opened(place, "Phases") as store:
        held = taken(Claims(store, command, "a" * 32).claim(choice_of("r/p"), lease_s=60, run_type="default", now=NOW))
        add_twin(place)
        place.sql(f"UPDATE batchdrain_claim SET source = '{apart_name_of(store.table)}' WHERE epoch = {held.epoch}")
        place.sql("INSERT INTO batchdrain_claim (source, \"key\", epoch, owner, orphan_count, attempts) "
                  f"VALUES ('Phases', '{PhaseKey('r', 'q').digest}', 1, 'older', 0, 0)")  # fmt: skip
        with opened(place, "Phases") as again, opened(place, "phases") as twin:
            present, others = Claims(again, command, "b" * 32), Claims(twin, command, "c" * 32)
            assert again.ledger.source != "Phases"
            assert claim_of(present, "r/q") is None
            assert claim_of(others, "r/q") is not None
            assert not part_from_twin(again)
            place.sql("UPDATE batchdrain_claim SET owner = NULL WHERE owner = 'older'")
            assert claim_of(present, "r/q") is not None


def test_rows_of_the_other_table_do_not_go_along(place: Workplace) -> None:
    """Both had bare names, which the server takes for equal: each row belongs to the one whose name it has letter by letter."""
    with opened(place, "Phases") as store:
        hold(store)
    place.sql(
        "INSERT INTO batchdrain_claim (source, `key`, epoch, orphan_count, attempts) VALUES ('phases', 'k', 7, 0, 0)".replace(
            "`", '"'
        )
    )
    place.sql("UPDATE batchdrain_claim SET owner = NULL")
    add_twin(place)
    with opened(place, "Phases") as store:
        assert part_from_twin(store)
    assert ("phases", 7) in place.sql("SELECT source, epoch FROM batchdrain_claim")


def test_a_drain_parts_them_before_its_first_claim(place: Workplace) -> None:
    place.source = {"table": "Phases"}
    place.configure()
    assert place.inv("drain").code == 0
    add_twin(place)
    place.sql("UPDATE Phases SET state = 'FAILED'")
    assert place.inv("drain").code == 0
    [source] = sources(place)
    assert source.startswith("Phases-")
    assert place.sql("SELECT max(epoch) FROM batchdrain_claim") == [(2,)]
