"""Files that decide what is executed have to be ours: they, and each folder on the way to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchdrain.cli.commands.own_files import require_own
from batchdrain.model.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "settings"
    folder.mkdir(mode=0o755)
    found = folder / "invoke.yaml"
    found.touch(mode=0o644)
    return found


def test_a_file_that_is_ours_or_is_not_there_is_no_problem_and_nothing_stays_open(path: Path) -> None:
    open_files = list[int]()
    for _ in range(2):  # the first time the folders are opened and held
        require_own(path, "settings")
        require_own(path.parent, "settings")
        require_own(path.with_name("absent"), "settings")
        open_files.append(len(os.listdir("/proc/self/fd")))
    assert open_files[0] == open_files[1]


def test_a_file_that_others_may_write_is_refused_with_what_it_is_for_and_the_cure(path: Path) -> None:
    path.chmod(0o666)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ConfigError) as caught:
        require_own(path, "it holds settings")
    assert str(caught.value) == f"{path}: it holds settings, but others may write it; chmod go-w {path}, and own it"
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_in_a_folder_of_others_is_refused_and_with_the_sticky_bit_a_folder_is_not(path: Path) -> None:
    path.parent.chmod(0o1777)
    require_own(path.parent, "it holds settings")
    path.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="others may write it"):
        require_own(path.parent, "it holds settings")
    with pytest.raises(ConfigError, match=r"invoke\.yaml: it holds settings, but .*settings"):
        require_own(path, "it holds settings")


def test_the_sticky_bit_of_a_file_excuses_nothing(path: Path) -> None:
    path.chmod(0o1666)
    with pytest.raises(ConfigError, match="others may write it"):
        require_own(path, "it holds settings")
