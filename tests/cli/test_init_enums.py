"""States in an enum, in a domain over one, and in codes that a comment explains: which words a table must have for a drain."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cli.test_init_known import env_of
from tests.cli.test_init_tables import make
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
POSTGRESQL = on("database_url", ["postgresql"], indirect=True)
DOMAIN = """
CREATE SCHEMA "Lager 1";
CREATE TYPE "Lager 1"."Zustand Typ" AS ENUM ('neu', 'läuft', 'fertig', 'Fehler');
CREATE DOMAIN "Lager 1".zustand AS "Lager 1"."Zustand Typ" NOT NULL;
CREATE TABLE "Lager 1"."Prüf Schritte" ("Charge" text, "Schritt-Nr." int, "Zustand" "Lager 1".zustand, "Fehlermeldung" varchar(20), x int,
  PRIMARY KEY ("Charge", "Schritt-Nr."));
INSERT INTO "Lager 1"."Prüf Schritte" VALUES ('A', 1, 'Fehler', 'zu warm', 7), ('A', 2, 'fertig', NULL, 7), ('A', 10, 'Fehler', 'zu warm', 7), ('B', 1, 'neu', NULL, 7)
"""
RESULTS = "'SUCCESS', 'UNSTABLE', 'FAILURE'"
BUILDS = {
    "postgresql": f"CREATE TYPE outcome AS ENUM ({RESULTS});\nCREATE TABLE builds (job_name text, build_number int, result outcome, PRIMARY KEY (job_name, build_number))",
    "mysql": f"CREATE TABLE builds (job_name varchar(40), build_number int, result enum({RESULTS}), PRIMARY KEY (job_name, build_number))",
}
BUILT = "INSERT INTO builds VALUES ('app', 1, 'FAILURE'), ('app', 2, 'SUCCESS'), ('app', 10, 'FAILURE'), ('lib', 1, NULL)"


@POSTGRESQL
def test_a_domain_over_an_enum_in_a_schema_off_the_path_is_drained_like_its_enum(place: Workplace) -> None:
    make(place, DOMAIN)
    env = {"DATABASE_URL": place.url, "INVOKE_BATCHDRAIN_COMMAND_ARGV": json.dumps([sys.executable, "-c", "import sys; sys.exit(int(sys.argv[1]) // 10)", "{phase_id}"])}  # fmt: skip
    assert place.inv("init", env=env).code == 0
    assert place.inv("doctor", env=env).lines[-1] == "All is well."

    drained = place.inv("drain", "--format=json", env=env)

    assert (drained.code, drained.json()["total_success"]) == (1, 1), drained
    rows = place.sql('SELECT "Schritt-Nr.", CAST("Zustand" AS text), x FROM "Lager 1"."Prüf Schritte" ORDER BY 1, "Charge"')
    assert rows == [(1, "fertig", 7), (1, "neu", 7), (2, "fertig", 7), (10, "Fehler", 7)]


@on("database_url", ["postgresql", "mariadb"], indirect=True)
def test_an_enum_without_a_word_for_executing_is_drained_by_a_command_that_sets_the_state(place: Workplace) -> None:
    make(place, BUILDS[place.url.partition(":")[0].partition("+")[0]], BUILT)
    env = env_of(place, "UPDATE builds SET result = 'SUCCESS' WHERE job_name = 'app' AND build_number = 1 AND :phase = '1'")
    ran = place.inv("init", env=env)
    assert (
        "looks like executing: set source.states, or let your command set the state (command.result_from: database)"
        in ran.out
    )
    refused = place.inv("doctor", env=env)
    assert (refused.code, "'EXECUTING' is not a value of the enum column 'result'" in refused.out) == (78, True), refused

    by_database = {**env, "INVOKE_BATCHDRAIN_COMMAND_RESULT_FROM": "database"}
    looked, drained = place.inv("doctor", env=by_database), place.inv("drain", "--format=json", env=by_database)

    assert looked.code == 0, looked
    assert (drained.code, drained.json()["total_success"]) == (1, 1), drained
    rows = place.sql("SELECT build_number, CAST(result AS char(9)) FROM builds ORDER BY build_number, job_name")
    assert [(number, result and result.strip()) for number, result in rows] == [
        (1, "SUCCESS"),
        (1, None),
        (2, "SUCCESS"),
        (10, "FAILURE"),
    ]


@on("database_url", ["postgresql", "mariadb"], indirect=True)
def test_codes_that_a_comment_explains_are_no_words_that_nobody_knows(place: Workplace) -> None:
    told = "0 new, 1 running, 2 done, 9 failed"
    if place.url.startswith("postgresql"):
        make(place, "CREATE TABLE steps (run_id int, step int, state int, PRIMARY KEY (run_id, step))")
        make(place, f"COMMENT ON COLUMN steps.state IS '{told}'")
    else:
        make(place, f"CREATE TABLE steps (run_id int, step int, state int COMMENT '{told}', PRIMARY KEY (run_id, step))")
    make(place, "INSERT INTO steps VALUES (1, 1, 9), (1, 2, 2), (2, 1, 0)")
    env = env_of(place)
    assert place.inv("init", env=env).code == 0

    looked = place.inv("doctor", env=env)

    assert looked.lines[-1] == "All is well.", looked
    assert "a drain writes '1'" not in looked.out
    place.sql(
        "COMMENT ON COLUMN steps.state IS NULL"
        if place.url.startswith("postgresql")
        else "ALTER TABLE steps MODIFY state int"
    )
    again = place.inv("doctor", env=env)
    assert "ok   words: a drain writes '1' (states.executing): no row has it, and no constraint names it" in again.out
