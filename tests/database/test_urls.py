"""What a database URL names, from wherever it is read, and what is shown of it."""

from __future__ import annotations

import getpass
import os
import pwd
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy.engine import make_url

from batchdrain.database.url import (
    anchor_url,
    file_of,
    is_in_memory,
    is_place_of,
    mask_url,
    parse_url,
    place_of,
    require_file,
    require_user,
)
from batchdrain.model.errors import ConfigError

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("given", "anchored"),
    [
        ("sqlite:///work.db", "sqlite:////project/work.db"),
        ("sqlite:////srv/work.db", "sqlite:////srv/work.db"),
        ("sqlite:///work.db?timeout=5", "sqlite:////project/work.db?timeout=5"),
        ("sqlite:///file:work.db?uri=true", "sqlite:///file:/project/work.db?mode=rw&uri=true"),
        ("sqlite:///file:work.db?mode=ro&uri=true", "sqlite:///file:/project/work.db?mode=ro&uri=true"),
        ("sqlite:///file:work.db?mode=rwc&uri=true&timeout=5", "sqlite:///file:/project/work.db?mode=rw&timeout=5&uri=true"),
        ("sqlite:///file:a%2520b%253F.db?uri=1", "sqlite:///file:/project/a%2520b%253F.db?mode=rw&uri=1"),
        ("sqlite:///file:work.db", "sqlite:////project/file:work.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/work.db", "postgresql://h/work.db"),
    ],
)
def test_a_url_names_the_same_file_from_any_folder_and_makes_none(given: str, anchored: str) -> None:
    found, wanted = anchor_url(make_url(given), ROOT), make_url(anchored)
    assert (found.database, dict(found.query)) == (wanted.database, dict(wanted.query))


@pytest.mark.parametrize("path", ["$HOME/work.db", "~nobody-of-that-name/work.db"])
def test_a_path_that_names_no_file_for_sure_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="database_url: ") as caught:
        anchor_url(make_url(f"sqlite:///{path}"), ROOT)
    assert caught.value.remedy == "name the file: sqlite:////home/me/work.db"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a.db", "a.db"),
        ("sqlite:///file:a.db?uri=true", "a.db"),
        ("sqlite:///file:/a.db?uri=true", "/a.db"),
        ("sqlite:///file:///a.db?uri=true", "/a.db"),
        ("sqlite:///file://localhost/a.db?uri=true", "/a.db"),
        ("sqlite:///file:a.db#part?uri=true", "a.db"),
        ("sqlite:///file:a.db?uri=false", "file:a.db"),
        ("sqlite:///a.db?uri=true", "a.db"),
    ],
)
def test_a_file_is_found_as_sqlite_finds_it(url: str, path: str) -> None:
    assert file_of(make_url(url)) == Path(path)


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("sqlite://", True), ("sqlite:///:memory:", True), ("sqlite:///file:x?mode=memory&uri=true", True),
        ("sqlite:///file::memory:?uri=true", True), ("sqlite:///file:?uri=true", True), ("sqlite:///file:x?uri=true", False),
        ("sqlite:///x.db", False), ("sqlite:///x.db?mode=memory", False),
    ],
)  # fmt: skip
def test_a_database_in_memory_has_no_file(url: str, is_one: bool) -> None:
    assert is_in_memory(make_url(url)) is is_one
    if is_one:
        with pytest.raises(ConfigError, match="in memory holds nothing") as caught:
            require_file(make_url(url))
        assert caught.value.remedy == "name a file: sqlite:///work.db"


def test_a_file_that_is_not_there_is_told_with_the_way_to_a_sample(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(ConfigError, match=f"the file {tmp_path}/x.db does not exist") as caught:
        require_file(url)
    assert "`inv demo`" in caught.value.remedy
    (tmp_path / "x.db").touch()
    require_file(url)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p@h:1/d", "h:1/d"),
        ("postgresql://h", "h:5432/"),
        ("mysql+pymysql://h/d", "h:3306/d"),
        ("mysql+pymysql:///d", "local socket/d"),
        ("postgresql:///d?host=h&port=7", "h:7/d"),
        ("postgresql:///d?host=h,i&port=7,8", "h,i:7,8/d"),
        ("postgresql:///d?host=%2Fvar%2Frun", "local socket/d"),
        ("sqlite:////srv/x.db", "/srv/x.db"),
    ],
)
def test_people_are_told_where_a_database_is(url: str, place: str) -> None:
    assert place_of(make_url(url)) == place


def test_a_file_of_an_earlier_version_still_names_its_database() -> None:
    url = make_url("mysql+pymysql://h/d")
    places: list[object] = ["h:3306/d", "h:default/d", "h:3307/d", "i:default/d", None, []]
    assert [is_place_of(place, url) for place in places] == [True, True, False, False, False, False]
    assert is_place_of("local socket:default/d", make_url("postgresql:///d?host=h"))


def test_neither_a_password_nor_an_unknown_option_is_shown() -> None:
    shown = mask_url(make_url("postgresql://u:hunter2@h/d?sslmode=require&SSLMODE=x&password=hunter3&a=b&a=c"))
    assert shown == "postgresql://u:***@h/d?SSLMODE=x&a=***&password=***&sslmode=require"


def test_of_two_names_of_a_dialect_the_older_is_used() -> None:
    assert parse_url("mariadb+pymysql://u@h/d").drivername == "mysql+pymysql"
    for text in ("", "no url", "postgresql+a+b://h/d", "http//x"):
        with pytest.raises(ConfigError, match="is not a database URL") as caught:
            parse_url(text)
        assert "sqlite:///file.db" in caught.value.remedy


def without_a_name(*_: object) -> NoReturn:
    raise KeyError("uid not found")


@pytest.mark.parametrize(
    ("url", "environ", "is_refused"),
    [
        ("postgresql://h/d", {}, True),
        ("mysql+pymysql://h/d", {}, True),
        ("postgresql://u@h/d", {}, False),
        ("postgresql://h/d?user=u", {}, False),
        ("postgresql://h/d?service=s", {}, False),
        ("mysql+pymysql://h/d?read_default_file=f", {}, False),
        ("postgresql://h/d", {"PGUSER": "u"}, False),
        ("postgresql://h/d", {"PGSERVICE": "s"}, False),
        ("mysql+pymysql://h/d", {"PGUSER": "u"}, True),
        ("sqlite:///x.db", {}, False),
    ],
)
def test_a_url_without_a_user_is_refused_where_the_system_has_no_name_for_us(
    url: str, environ: dict[str, str], is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGUSER", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pwd, "getpwuid", without_a_name)
    monkeypatch.setattr(getpass, "getuser", without_a_name)
    if not is_refused:
        require_user(make_url(url))
        return
    with pytest.raises(ConfigError, match=f"no name for uid {os.geteuid()}") as caught:
        require_user(make_url(url))
    assert caught.value.remedy == "write the user into the URL: postgresql://user@host/name"


def test_a_user_of_the_system_is_enough() -> None:
    require_user(make_url("postgresql://h/d"))
    require_user(make_url("mysql+pymysql://h/d"))
