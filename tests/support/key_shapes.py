"""Tables whose ids `inv init` finds by a key of several columns, or as bytes. In SQL that each named database takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TENANTS: Final = """
CREATE TABLE pipeline_runs (tenant_id int NOT NULL, id bigint NOT NULL, name varchar(9), PRIMARY KEY (tenant_id, id));
CREATE TABLE work_steps (tenant_id int NOT NULL, id bigint NOT NULL, pipeline_run_no bigint NOT NULL, ord int, status varchar(9) NOT NULL,
  err varchar(9), PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, pipeline_run_no) REFERENCES pipeline_runs (tenant_id, id));
INSERT INTO pipeline_runs VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c');
INSERT INTO work_steps VALUES (1, 1, 1, 0, 'failed', 'x'), (1, 2, 1, 1, 'ok', NULL), (1, 3, 2, 0, 'failed', 'y'), (2, 1, 1, 0, 'failed', 'x')
"""
PARTITIONED_BUILDS: Final = """
CREATE TABLE ci_pipelines (id bigint NOT NULL, partition_id bigint NOT NULL, status varchar(9), PRIMARY KEY (partition_id, id));
CREATE TABLE build_jobs (id bigint NOT NULL, partition_id bigint NOT NULL, commit_id bigint, canceled_partition_id bigint, canceled_by_id bigint,
  status varchar(9), PRIMARY KEY (id, partition_id), FOREIGN KEY (partition_id, commit_id) REFERENCES ci_pipelines (partition_id, id),
  FOREIGN KEY (canceled_partition_id, canceled_by_id) REFERENCES ci_pipelines (partition_id, id));
INSERT INTO ci_pipelines VALUES (1, 100, 'failed'), (2, 100, 'success'), (3, 101, 'failed');
INSERT INTO build_jobs (id, partition_id, commit_id, status) VALUES (11, 100, 1, 'failed'), (12, 100, 1, 'success'), (13, 100, 2, 'success'), (14, 101, 3, 'failed')
"""
KEY_BEHIND_ITS_RUN: Final = """
CREATE TABLE jobs_of (site varchar(9) NOT NULL, job_no int NOT NULL, PRIMARY KEY (site, job_no));
CREATE TABLE tasks_of (task_no int NOT NULL, site varchar(9) NOT NULL, job_no int NOT NULL, status varchar(9), PRIMARY KEY (task_no, site, job_no),
  FOREIGN KEY (site, job_no) REFERENCES jobs_of (site, job_no));
INSERT INTO jobs_of VALUES ('a', 1), ('a', 2);
INSERT INTO tasks_of VALUES (1, 'a', 1, 'failed'), (2, 'a', 1, 'done'), (1, 'a', 2, 'failed')
"""
PEOPLE: Final = """
CREATE TABLE people (tenant_id int NOT NULL, no int NOT NULL, PRIMARY KEY (tenant_id, no));
CREATE TABLE letters (tenant_id int NOT NULL, id int NOT NULL, sent_to int NOT NULL, status varchar(9), PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, sent_to) REFERENCES people (tenant_id, no));
INSERT INTO people VALUES (1, 1), (2, 1);
INSERT INTO letters VALUES (1, 1, 1, 'failed'), (1, 2, 1, 'done'), (2, 1, 1, 'failed')
"""
_BYTES: Final = "CREATE TABLE work_item (id {0} NOT NULL PRIMARY KEY, run_id {0} NOT NULL, status varchar(20) NOT NULL, error varchar(20), payload {1})"
_ROWS: Final = "INSERT INTO work_item VALUES ({0}01', {0}0a', 'failed', 'x', {0}ff'), ({0}02', {0}0a', 'done', NULL, {0}ff'), ({0}0003', {0}0b', 'failed', 'y', NULL)"
BYTES: Final[Mapping[str, str]] = {
    "sqlite": f"{_BYTES.format('BLOB', 'BLOB')};\n{_ROWS.format(chr(120) + chr(39))}",
    "postgresql": f"{_BYTES.format('bytea', 'bytea')};\n{_ROWS.format(chr(39) + chr(92) + 'x')}",
    "mysql": f"{_BYTES.format('varbinary(16)', 'longblob')};\n{_ROWS.format('x' + chr(39))}",
}
SETS_OK: Final = """
import sys, sqlalchemy as sa
url, phase = sys.argv[1:]
with sa.create_engine(url, poolclass=sa.pool.NullPool).begin() as it:
    if url.startswith("sqlite"):
        it.execute(sa.text("UPDATE work_item SET status = 'done' WHERE lower(hex(id)) = :phase"), dict(phase=phase))
"""
PAIRS: Final = """
CREATE TABLE pairs (aa varchar(9), bb varchar(9), status varchar(9));
INSERT INTO pairs VALUES ('x', 'p', 'failed'), ('x', 'q', 'done'), ('y', 'p', 'failed'), ('y', 'q', 'done');
CREATE TABLE zeilen (zeile int, datei varchar(9), ergebnis varchar(9), fehler_text varchar(20));
INSERT INTO zeilen VALUES (1, 'a.csv', 'fehler', 'kein Platz'), (2, 'a.csv', 'ok', NULL), (1, 'b.csv', 'fehler', 'kein Platz'), (2, 'b.csv', 'ok', NULL)
"""
