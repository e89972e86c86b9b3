"""A batch size is the setting `batch_size`, whatever task it is given to: one parser, one meaning of a wrong one."""

from __future__ import annotations

import pytest

from tests.support.workplace import Workplace


@pytest.mark.parametrize(
    "words",
    [["drain"], ["dry-run"], ["resume"], ["drain", "--resume"], ["drain-queued", "--run-id=r"], ["chain-with-queued", "--run-id=r"],
     ["drain-all"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_batch_size_is_told_alike_by_every_task(lite: Workplace, words: list[str]) -> None:
    lite.fail("r/a")
    ran = lite.inv(*words, "--batch-size=0")
    assert (ran.code, ran.err) == (2, "batchdrain: --batch-size: must be at least 1, got '0'\n")


def queued(lite: Workplace, count: int) -> None:
    lite.add(*(("r", f"q{number}", number, "QUEUED", None) for number in range(count)))


def test_a_batch_of_queued_phases_has_the_size_of_its_flag(lite: Workplace) -> None:
    queued(lite, 4)
    assert lite.inv("drain-queued", "--run-id=r", "--batch-size=3", "--max-batches=1").code == 0
    assert (lite.session()["batch_size"], len(lite.taken())) == (3, 3)


def test_the_parts_of_a_chain_have_sizes_of_their_own(lite: Workplace) -> None:
    queued(lite, 3)
    lite.add(*(("r", f"f{number}", 10 + number, "FAILED", None) for number in range(3)))
    words = ["--queued-batch-size=2", "--batch-size=1", "--max-batches=1"]

    assert lite.inv("chain-with-queued", "--run-id=r", *words).code == 0

    assert [(lite.session(number)["kind"], len(lite.taken(number))) for number in (0, 1)] == [("queued", 2), ("failed", 1)]


def test_without_a_size_of_their_own_the_queued_have_the_one_of_the_failed(lite: Workplace) -> None:
    queued(lite, 2)
    assert lite.inv("drain-all", "--batch-size=1", "--max-batches=1").code == 0
    assert lite.session(0)["batch_size"] == 1


def test_wrong_sizes_of_both_parts_are_named_each(lite: Workplace) -> None:
    queued(lite, 1)
    for words in (["--queued-batch-size=0"], ["--queued-batch-size=0", "--batch-size=3"]):
        assert lite.inv("drain-all", *words).err == "batchdrain: --queued-batch-size: must be at least 1, got '0'\n"
    assert lite.inv("drain-all", "--batch-size=0", "--queued-batch-size=3").err.startswith(
        "batchdrain: --batch-size: must be"
    )


def test_a_session_goes_on_with_its_own_size_and_a_go_takes_at_most_the_flag_s(lite: Workplace) -> None:
    lite.fail("r/a", "r/b", "r/c", "r/d~fail")
    assert lite.inv("drain", "--batch-size=1").code == 0
    path = lite.session_files()[-1]
    path.write_text(path.read_text().replace('"batch_size":1', '"batch_size":3').replace('"complete"', '"interrupted"'))
    path.write_text(path.read_text().replace('"batch_size": 1', '"batch_size": 3'))

    ran = lite.inv("resume", f"--session-id={path.stem}", "--batch-size=1")

    assert (ran.code, len(lite.taken()), lite.session()["batch_size"]) == (0, 2, 3), ran
