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
def test_a_wrong_batch_size_is_told_alike_by_every_task(sqlite_project: Workplace, words: list[str]) -> None:
    sqlite_project.fail("r/a")
    ran = sqlite_project.inv(*words, "--batch-size=0")
    assert (ran.code, ran.err) == (2, "batchdrain: --batch-size: must be at least 1, got '0'\n")


def queued(sqlite_project: Workplace, count: int) -> None:
    sqlite_project.add(*(("r", f"q{number}", number, "QUEUED", None) for number in range(count)))


def test_a_batch_of_queued_phases_has_the_size_of_its_flag(sqlite_project: Workplace) -> None:
    queued(sqlite_project, 4)
    assert sqlite_project.inv("drain-queued", "--run-id=r", "--batch-size=3", "--max-batches=1").code == 0
    assert (sqlite_project.session()["batch_size"], len(sqlite_project.taken())) == (3, 3)


def test_the_parts_of_a_chain_have_sizes_of_their_own(sqlite_project: Workplace) -> None:
    queued(sqlite_project, 3)
    sqlite_project.add(*(("r", f"f{number}", 10 + number, "FAILED", None) for number in range(3)))
    words = ["--queued-batch-size=2", "--batch-size=1", "--max-batches=1"]

    assert sqlite_project.inv("chain-with-queued", "--run-id=r", *words).code == 0

    assert [(sqlite_project.session(number)["kind"], len(sqlite_project.taken(number))) for number in (0, 1)] == [
        ("queued", 2),
        ("failed", 1),
    ]


def test_without_a_size_of_their_own_the_queued_have_the_one_of_the_failed(sqlite_project: Workplace) -> None:
    queued(sqlite_project, 2)
    assert sqlite_project.inv("drain-all", "--batch-size=1", "--max-batches=1").code == 0
    assert sqlite_project.session(0)["batch_size"] == 1


def test_wrong_sizes_of_both_parts_are_named_each(sqlite_project: Workplace) -> None:
    queued(sqlite_project, 1)
    for words in (["--queued-batch-size=0"], ["--queued-batch-size=0", "--batch-size=3"]):
        assert sqlite_project.inv("drain-all", *words).err == "batchdrain: --queued-batch-size: must be at least 1, got '0'\n"
    assert sqlite_project.inv("drain-all", "--batch-size=0", "--queued-batch-size=3").err.startswith(
        "batchdrain: --batch-size: must be"
    )


def test_a_session_goes_on_with_its_own_size_and_a_go_takes_at_most_the_flag_s(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b", "r/c", "r/d~fail")
    assert sqlite_project.inv("drain", "--batch-size=1").code == 0
    path = sqlite_project.session_files()[-1]
    path.write_text(path.read_text().replace('"batch_size":1', '"batch_size":3').replace('"complete"', '"interrupted"'))
    path.write_text(path.read_text().replace('"batch_size": 1', '"batch_size": 3'))

    ran = sqlite_project.inv("resume", f"--session-id={path.stem}", "--batch-size=1")

    assert (ran.code, len(sqlite_project.taken()), sqlite_project.session()["batch_size"]) == (0, 2, 3), ran
