"""How logs are named: a person finds them, no id is ever a path, and no two executions share a file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.execution.file_names import LogFolder, _is_folder, find_files
from batchdrain.execution.order import ExecutionFiles
from batchdrain.execution.slug import CHARS, Namings, names_of, to_slug
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import slug_of
from tests.chaos.faults import fault


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def make(files: ExecutionFiles) -> str:
    """As a guardian does; returns the name without what all have in common."""
    path = Path(files.stderr)
    path.parent.mkdir(exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    return f"{path.parent.name}/{path.name.removesuffix('.stderr.txt')}"


def named(folder: LogFolder, run_id: str, phase_id: str, attempt: int = 1, epoch: int = 1) -> str:
    return make(folder.name_files(PhaseKey(run_id, phase_id), str(attempt), str(epoch)))


def test_a_log_is_named_by_run_phase_and_attempt(logs: Path) -> None:
    files = LogFolder(logs).name_files(PhaseKey("build-130", "phase-1-schema"), "2", "7")
    assert files == ExecutionFiles(
        stdout=f"{logs}/build-130/phase-1-schema.2.stdout.txt",
        stderr=f"{logs}/build-130/phase-1-schema.2.stderr.txt",
        result=f"{logs}/build-130/phase-1-schema.2.result.json",
    )


def test_a_name_that_is_taken_gets_the_epoch_and_then_a_number(logs: Path) -> None:
    folder = LogFolder(logs)
    assert [named(folder, "r", "p", epoch=epoch) for epoch in (1, 2, 2, 2)] == ["r/p.1", "r/p.1-2", "r/p.1-2-2", "r/p.1-2-3"]


TWINS = [
    ("Alpha", "alpha"),
    ("a/b", "a b"),
    ("café", "cafe\u0301"),
    ("x" * 99 + "1", "x" * 99 + "2"),
    ("日本", "中国"),
    ("v1.", "v1"),
    ("\udc80x", "x"),
    ("x", "\udc80x"),
]


@fault(94)
@pytest.mark.parametrize("ids", TWINS, ids=ascii)
def test_two_ids_of_one_slug_differ_by_a_hash_whatever_their_case(logs: Path, ids: tuple[str, str]) -> None:
    folder = LogFolder(logs)
    first, second = (named(folder, run_id, "p").partition("/")[0] for run_id in ids)
    assert re.fullmatch(re.escape(to_slug(ids[1], "run")) + "-[0-9a-f]{8}", second), (first, second)
    assert named(folder, ids[0], "p", 2) == f"{first}/p.2"
    first, second = (named(folder, "r", phase_id) for phase_id in ids)
    assert second == f"r/{second[2:-11]}-{second[-10:-2]}.1"
    assert first.lower() != second.lower()


def test_an_id_that_is_another_s_name_with_its_hash_gets_a_longer_one(logs: Path) -> None:
    folder = LogFolder(logs)
    assert named(folder, "a", "p") == "a/p.1"
    hashed = named(LogFolder(logs), "A", "p").partition("/")[0]
    assert hashed.startswith("A-")
    fresh = LogFolder(logs)
    taken = [named(fresh, run_id, "q").partition("/")[0] for run_id in ("a", hashed, "A")]
    assert taken[:2] == ["a", hashed]
    assert re.fullmatch("A-[0-9a-f]{16}", taken[2])


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "run"), ("..", "run"), (".", "run"), ("../../etc/passwd", "etc-passwd"), ("-rf", "rf"), (".hidden", "hidden"),
        ("con", "run-con"), ("NUL.txt", "run-NUL.txt"), ("COM1", "run-COM1"), ("contact", "contact"), ("a\x00b\n", "a-b"),
        ("Zoë", "Zoe"), ("Zoës Übung", "Zoes-Ubung"), ("日本", "run"), ("a..b", "a-b"), ("a:b*c?", "a-b-c"), ("\udc80x", "x"), ("~", "run"), ("_x_", "_x_"),
        ("x" * 300, "x" * CHARS), ("ﬁn", "fin"), ("XaX", "XaX"), ("con.X", "run-con.X"), ("/" * 999 + "a", "a"), ("/" * 1_000 + "a", "run"),
        ("x" * (CHARS - 1) + "X/", "x" * (CHARS - 1) + "X"), ("x" * (CHARS - 1) + ".y", "x" * (CHARS - 1)), ("lpt9", "run-lpt9"), ("lpt10", "lpt10"),
        ("con." + "x" * 99, "run-con." + "x" * (CHARS - 8)), ("aux." + "x" * (CHARS - 9) + ".y", "run-aux." + "x" * (CHARS - 9)),
        ("PRN.x", "run-PRN.x"), ("com0", "run-com0"), ("Lpt0.y", "run-Lpt0.y"),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_slug_is_harmless_everywhere(text: str, slug: str) -> None:
    assert to_slug(text, "run") == slug


@given(st.text(max_size=300))
def test_no_id_leads_out_of_its_folder(text: str) -> None:
    slug = to_slug(text, "phase")
    assert re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?", slug)
    assert len(slug) <= CHARS
    assert ".." not in slug


def test_a_session_that_goes_on_knows_whose_its_folders_are(logs: Path) -> None:
    """From what it recorded; of what it did not record it takes the name as it is spelled."""
    earlier = LogFolder(logs)
    recorded = [(PhaseKey(run, "P"), named(earlier, run, "P")) for run in ("Alpha", "alpha")]
    named(earlier, "unrecorded", "p")
    paths = [(key, f"any/logs/{name}.stderr.txt") for key, name in recorded]

    later = LogFolder(logs, lambda: paths)

    assert named(later, "alpha", "P", 2, 9) == recorded[1][1].replace(".1", ".2")
    assert named(later, "Alpha", "P", 1, 9) == "Alpha/P.1-9"
    assert re.fullmatch("Alpha/p-[0-9a-f]{8}.1", named(later, "Alpha", "p"))
    assert named(later, "unrecorded", "p", 1, 9) == "unrecorded/p.1-9"
    assert re.fullmatch("Unrecorded-[0-9a-f]{8}/p.1", named(later, "Unrecorded", "p"))


@pytest.mark.parametrize("place", ["file", "link"])
def test_what_is_no_folder_is_no_run_s(logs: Path, tmp_path: Path, place: str) -> None:
    if place == "file":
        (logs / "r").write_text("")
    else:
        (tmp_path / "elsewhere").mkdir()
        (logs / "r").symlink_to(tmp_path / "elsewhere")
    assert re.fullmatch("r-[0-9a-f]{8}/p.1", named(LogFolder(logs), "r", "p"))


KEY = PhaseKey("Run 1", "p/1")
OLD = f"{KEY.digest[:16]}-{slug_of('p/1')}-7"


@pytest.mark.parametrize(
    ("kept", "stem"),
    [
        ("Run-1/p-1.3.stderr.txt", "Run-1/p-1.3"),
        ("Run-1/p-1.3-7.stderr.txt", "Run-1/p-1.3-7"),
        ("Run-1/p-1.3-7-2.stderr.txt", "Run-1/p-1.3-7-2"),
        (f"logs/{OLD}.stderr.txt", OLD),
        (f"logs/{OLD}-2.stderr.txt", f"{OLD}-2"),
        *((f"{run}/{phase}.3.stderr.txt", f"{run}/{phase}.3") for run in names_of("Run 1", "run") for phase in names_of("p/1", "phase")),
        ("Run-1/p-1.3-7-123456789.stderr.txt", "Run-1/p-1.3-7-123456789"),
        ("Run-1/p-1.3-7-1234567890.stderr.txt", "Run-1/p-1.3"),
        ("Run-1/p-1.3.stdout.txt", "Run-1/p-1.3"),
        ("Run-1/p-1.3-8.stderr.txt", "Run-1/p-1.3"),
        ("Run-1/p-1.4.stderr.txt", "Run-1/p-1.3"),
        ("Run-1/other.3.stderr.txt", "Run-1/p-1.3"),
        ("run-1/p-1.3-7.stderr.txt", "Run-1/p-1.3"),
        ("../p-1.3-7.stderr.txt", "Run-1/p-1.3"),
        ("Run-1/../../secret", "Run-1/p-1.3"),
        ("", "Run-1/p-1.3"),
    ],
)  # fmt: skip
def test_recovery_finds_the_log_by_its_kept_name_where_that_may_be_its_own(logs: Path, kept: str, stem: str) -> None:
    assert find_files(logs, KEY, 3, 7, kept).stderr == f"{logs}/{stem}.stderr.txt"


def test_recovery_finds_the_log_of_an_id_that_needed_a_hash(logs: Path) -> None:
    folder = LogFolder(logs)
    named(folder, "run-1", "P-1", 3, 7)
    name = named(folder, KEY.run_id, KEY.phase_id, 3, 7)
    assert "Run-1-" in name
    assert find_files(logs, KEY, 3, 7, f"{name}.stderr.txt").stderr == f"{logs}/{name}.stderr.txt"


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("any/logs/a-b/p-1.1.stderr.txt", True), ("logs/a-b/p-1.1-7-2.stderr.txt", True), ("any/other/a-b/p-1.1.stderr.txt", False),
        ("any/logs/a-b/p-1.stderr.txt", False), ("any/logs/a-b/odd.txt", False), ("a-b/p-1.1.stderr.txt", False), ("odd", False),
    ],
)  # fmt: skip
def test_only_a_log_of_this_folder_tells_whose_its_name_is(logs: Path, path: str, is_known: bool) -> None:
    (logs / "a-b").mkdir()
    later = LogFolder(logs, lambda: [(PhaseKey("a/b", "p/1"), path)])
    other = named(later, "a b", "q", 2)
    assert (other == "a-b/q.2") is not is_known, "without a record the name is free for whoever comes first"
    if is_known:
        assert re.fullmatch("a-b-[0-9a-f]{8}/q.2", other)
        assert re.fullmatch("a-b/p-1-[0-9a-f]{8}.2", named(later, "a/b", "p 1", 2)), "nor is the phase's name another one's"
        assert named(later, "a/b", "p/1", 2) == "a-b/p-1.2"


def test_a_folder_that_is_not_there_yet_has_given_no_name_and_nobody_is_asked(tmp_path: Path) -> None:
    def ask() -> list[tuple[PhaseKey, str]]:
        raise AssertionError

    files = LogFolder(tmp_path / "none", ask).name_files(PhaseKey("r", "p"), "1", "1")
    assert files.stderr == f"{tmp_path}/none/r/p.1.stderr.txt"
    (tmp_path / "empty").mkdir()
    assert (
        LogFolder(tmp_path / "empty", ask).name_files(PhaseKey("r", "p"), "", "1").stdout
        == f"{tmp_path}/empty/r/p.stdout.txt"
    )


def test_an_id_whose_every_name_is_another_s_shares_the_longest(tmp_path: Path) -> None:
    """Its files are created exclusively all the same."""
    namings, names = Namings("run"), list(names_of("a/b", "run"))
    for name in names:
        namings.reserve(name.upper())
    assert namings.name("a/b") == names[-1]
    assert [len(name) for name in names] == [3, 3 + 9, 3 + 17, 3 + 33]
    assert not _is_folder(tmp_path / "gone meanwhile")
