"""What stands behind the '?' of a database URL: some is taken, all else is refused before anything is opened."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from batchdrain.database.url import parse_url
from batchdrain.model.errors import ConfigError
from tests.cli.telling import SECRET, refused
from tests.support.workplace import Workplace

PG, MY = "postgresql+psycopg://u:pw@127.0.0.1:1/x?", "mysql+pymysql://u:pw@127.0.0.1:1/x?"
URI = "sqlite:///file:FILE?uri=true&"


def refusal_of(url: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_url(url)
    return str(caught.value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("local_infile=1", "'local_infile' is not accepted: the server could ask for files of this machine"),
        *((f"{name}=/etc/passwd", f"{name!r} is not accepted: it reads") for name in ("read_default_file", "read_default_group")),
        *((f"{name}={SECRET}", f"{name!r} is not accepted") for name in (
            "init_command", "sql_mode", "autocommit", "client_flag", "conv", "cursorclass", "defer_connect", "auth_plugin_map",
            "compress", "named_pipe", "db", "passwd", "user", "password", "host", "binary_prefix", "server_public_key",
            "max_allowed_packet", "collation", "nonsense",
        )),
        ("charset=latin1", "'charset' must be utf8mb4 or utf8"),
        ("ssl_disabled=false", "'ssl_disabled' must be "),
        ("ssl_ca=/nowhere", "'ssl_ca' must name a file that can be read"),
        ("ssl_capath=/etc/passwd", "'ssl_capath' must name a folder"),
        ("charset=utf8&charset=utf8", "'charset' occurs twice"),
    ],
)  # fmt: skip
def test_what_a_url_of_mysql_may_not_ask_for_is_refused(query: str, said: str) -> None:
    told = refusal_of(MY + query)
    assert said in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("query", "said"),
    [
        *((f"{name}={SECRET}", f"{name!r} is not accepted") for name in (
            "service", "servicefile", "dbname", "prepare_threshold", "autocommit", "row_factory", "context", "replication",
            "fallback_application_name", "token",
        )),
        ("passfile=/nowhere", "'passfile' must name a file that can be read"),
        ("sslcert=/dev/null", "'sslcert' must name a file that can be read"),
        ("sslmode=nonsense", "'sslmode' must be disable or "),
        *((f"{name}={value}", f"{name!r} must be ") for name, value in (
            ("sslmode", "Require"), ("channel_binding", "REQUIRE"), ("target_session_attrs", "Primary"), ("gssencmode", "Disable"),
            ("sslnegotiation", "Postgres"), ("sslcertmode", "Allow"), ("load_balance_hosts", "Random"), ("keepalives_idle", "1.5"),
            ("tcp_user_timeout", "1.5"), ("require_auth", "Scram-sha-256"), ("port", "5432.5"), ("port", "1,x"), ("port", ","),
        )),
        ("host=a,b,c&port=1,2", "has 2 ports for 3 hosts"),
        ("host=a,b&port=1", "has 1 port for 2 hosts"),
        ("host=a&host=b&port=1,2,3", "has 3 ports for 2 hosts"),
        ("target_session_attrs=standby", "'target_session_attrs' must be any or read-write or primary"),
        ("client_encoding=sql_ascii", "'client_encoding' must be utf8"),
        *((f"options={quote(text)}", "'options' may set only ") for text in (
            "-c synchronous_commit=off", "-csession_replication_role=replica", "--default-transaction-read-only=on",
            "-c search_path=x -c fsync=off", "-f s", "-c", "search_path=x",
        )),
        (f"{SECRET}%20%1b=1", "a part of its query is not accepted"),
    ],
)  # fmt: skip
def test_what_a_url_of_postgresql_may_not_ask_for_is_refused(query: str, said: str) -> None:
    told = refusal_of(PG + query)
    assert said in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("nolock=1", "'nolock' is not accepted: SQLite's locks are what keeps two controllers apart"),
        ("vfs=unix-none", "'vfs' must be unix"),
        ("vfs=unix-dotfile", "'vfs' must be unix"),
        ("mode=RO", "'mode' must be ro or rw"),
        ("vfs=memdb", "'vfs' must be unix"),
        ("immutable=1", "'immutable' is not accepted"),
        ("cache=shared", "'cache' must be private"),
        ("mode=rw%26nolock=1", "'mode' must be ro or rw or rwc or memory"),
        ("mode=memory", "in memory holds nothing"),
        ("psow=0", "'psow' is not accepted"),
        ("detect_types=1", "'detect_types' is not accepted"),
        ("isolation_level=DEFERRED", "'isolation_level' is not accepted"),
        ("check_same_thread=true", "'check_same_thread' must be 0 or false"),
        ("key=SECRET", "'key' is not accepted"),
    ],
)
def test_doctor_says_of_a_url_of_sqlite_what_the_drain_says(sqlite_project: Workplace, query: str, said: str) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(database_url=URI.replace("FILE", sqlite_project.url.removeprefix("sqlite:///")) + query)
    message = refused(sqlite_project, ["drain"], 78, said).err.removeprefix("batchdrain: ").strip()
    doctor = sqlite_project.inv("doctor")

    told, cure = next(
        (line.removeprefix("FAIL database: "), after.strip())
        for line, after in zip(doctor.lines, doctor.lines[1:], strict=False)
        if line.startswith("FAIL database: ")
    )
    assert (doctor.code, f"{told}; {cure}") == (78, message)


@pytest.mark.parametrize("query", ["local_infile=1", "read_default_file=/etc/passwd", "cursorclass=x", "conv=x"])
def test_an_option_that_is_refused_shows_no_file_and_no_traceback(sqlite_project: Workplace, query: str) -> None:
    first = Path("/etc/passwd").read_text().splitlines()[0]
    sqlite_project.configure(database_url=MY + query)
    for task in (["drain"], ["dry-run"], ["recover"], ["resume"], ["drain-all"]):
        ran = refused(sqlite_project, task, 78, query.partition("=")[0])
        assert first not in ran.out + ran.err
    assert "Traceback" not in (doctor := sqlite_project.inv("doctor")).out + doctor.err


@pytest.mark.parametrize(
    ("name", "says"),
    [("ssl_ca", "certificate"), ("ssl_key", ""), ("ssl_cert", "")],
)
def test_a_file_that_is_no_certificate_shows_nothing_of_itself(sqlite_project: Workplace, name: str, says: str) -> None:
    (sqlite_project.root / "secret").write_text(SECRET)
    sqlite_project.configure(database_url=f"{MY}{name}={sqlite_project.root / 'secret'}")
    ran = refused(sqlite_project, ["drain"], 78 if name != "ssl_key" else 75, says)
    assert SECRET not in ran.out + ran.err


def test_a_password_that_the_driver_can_not_encode_is_not_shown(sqlite_project: Workplace) -> None:
    sqlite_project.configure(database_url="mysql+pymysql://u:hunter€@127.0.0.1:1/x")
    ran = refused(sqlite_project, ["drain"], 78, "PyMySQL accepts only passwords in Latin-1")
    assert "€" not in ran.out + ran.err


@pytest.mark.parametrize("query", [
    "application_name=x&connect_timeout=5&sslmode=prefer&keepalives=1&keepalives_idle=30&target_session_attrs=read-write",
    "options=-c%20search_path%3Dpublic%20-cstatement_timeout%3D60s&gssencmode=disable",
])  # fmt: skip
def test_what_is_taken_of_a_url_of_postgresql_reaches_the_server(
    sqlite_project: Workplace, postgresql_url: str, query: str
) -> None:
    place = Workplace(root=sqlite_project.root, url=postgresql_url)
    place.make_table()
    place.fail("r/a")
    place.configure(database_url=f"{postgresql_url}{'&' if '?' in postgresql_url else '?'}{query}")
    assert (place.inv("doctor").code, place.inv("drain").code) == (0, 0)


@pytest.mark.parametrize("given", ["host={h},{h}&port={p},{p}", "host={h}&port={p}", "host={h}:{p}&host={h}:{p}"])  # fmt: skip
def test_hosts_and_their_ports_may_stand_in_the_query(sqlite_project: Workplace, postgresql_url: str, given: str) -> None:
    url = sa.make_url(postgresql_url)
    place = Workplace(root=sqlite_project.root, url=postgresql_url)
    place.make_table()
    place.fail("r/a")
    host, port = url.host or url.query.get("host") or "localhost", url.port or url.query.get("port") or 5432
    query = sa.make_url("postgresql://?" + given.format(h=host, p=port)).query
    place.configure(database_url=url._replace(host=None, port=None, query=query).render_as_string(hide_password=False))
    ran = place.inv("doctor"), place.inv("drain")
    assert [one.code for one in ran] == [0, 0], ran


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_what_is_taken_of_a_url_of_mysql_reaches_the_server(sqlite_project: Workplace, mariadb_url: str) -> None:
    """By either name that SQLAlchemy has for it."""
    place = Workplace(root=sqlite_project.root, url=mariadb_url)
    place.make_table()
    for number, scheme in enumerate(("mysql", "mariadb")):
        place.fail(f"r{number}/a")
        url = sa.make_url(mariadb_url).update_query_dict({"charset": "utf8mb4", "program_name": "x", "connect_timeout": "5"})
        place.configure(database_url=url.set(drivername=f"{scheme}+pymysql").render_as_string(hide_password=False))
        assert (place.inv("doctor").code, place.inv("drain").code) == (0, 0)


def test_the_name_of_a_database_is_no_connection_string(sqlite_project: Workplace, postgresql_url: str) -> None:
    url = sa.make_url(postgresql_url).set(database="host=127.0.0.1 port=1 dbname=x")
    sqlite_project.configure(database_url=url.render_as_string(hide_password=False))
    refused(sqlite_project, ["drain"], 78, 'database "host=127.0.0.1 port=1 dbname=x" does not exist')


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:p@ss@h/d", "postgresql://u:p@ss/w@h/d", "mysql+pymysql://u:p@h/d@x"],
)
def test_an_at_sign_of_a_password_is_told_as_that(url: str) -> None:
    with pytest.raises(ConfigError, match="holds an '@' behind the one that ends the password") as caught:
        parse_url(url)
    assert caught.value.remedy == "write the password's own '@' as %40"


def test_an_at_sign_that_ends_no_password_is_taken() -> None:
    assert parse_url("postgresql://u@h/d@x").database == "d@x"
    assert parse_url("postgresql://u:p%40ss@h/d").password == "p@ss"
