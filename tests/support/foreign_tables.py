"""Tables as other people make them, of which `inv init` and `inv doctor` are to make sense. In SQL that each named database takes."""

from __future__ import annotations

from typing import Final

COMPOSITE_POSTGRESQL: Final = """
CREATE TABLE pipeline_steps (tenant text NOT NULL, pipeline text NOT NULL, run_date date NOT NULL, step uuid NOT NULL, pos int NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED')), error text, changed timestamptz NOT NULL DEFAULT now(),
  payload jsonb, PRIMARY KEY (tenant, pipeline, run_date, step));
INSERT INTO pipeline_steps SELECT t, 'etl', date '2026-11-01', ('00000000-0000-4000-8000-' || lpad(to_hex(s), 12, '0'))::uuid, s,
  (ARRAY['FAILED', 'DONE', 'FAILED', 'PENDING'])[1 + s % 4], 'boom ' || s, now(), '{"k": [1]}'
  FROM unnest(ARRAY['acme', 'b/c']) t, generate_series(0, 5) s
"""
COMPOSITE_MARIADB: Final = """
CREATE TABLE pipeline_steps (tenant varchar(40) NOT NULL, pipeline varchar(40) NOT NULL, run_date date NOT NULL, step uuid NOT NULL,
  pos int NOT NULL, status enum('PENDING', 'RUNNING', 'DONE', 'FAILED') NOT NULL, error text, changed datetime NOT NULL DEFAULT now(),
  payload json, PRIMARY KEY (tenant, pipeline, run_date, step));
INSERT INTO pipeline_steps SELECT 'acme', 'etl', '2026-11-01', CONCAT('00000000-0000-4000-8000-', LPAD(HEX(seq), 12, '0')), seq,
  ELT(1 + seq % 4, 'FAILED', 'DONE', 'FAILED', 'PENDING'), CONCAT('boom ', seq), now(), '{"k": [1]}' FROM seq_0_to_5
"""
COMPOSITE_SQLITE: Final = """
CREATE TABLE pipeline_steps (tenant TEXT NOT NULL, pipeline TEXT NOT NULL, run_date DATE NOT NULL, step TEXT NOT NULL, pos INTEGER,
  status TEXT NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED')), error TEXT, changed TIMESTAMP, payload JSON,
  PRIMARY KEY (tenant, pipeline, run_date, step));
INSERT INTO pipeline_steps VALUES ('acme', 'etl', '2026-11-01', 's0', 0, 'FAILED', 'boom 0', '2026-11-01 10:00:00', '{}'),
  ('acme', 'etl', '2026-11-01', 's1', 1, 'DONE', NULL, '2026-11-01 10:00:00', '{}'),
  ('acme', 'bi', '2026-11-01', 's0', 0, 'FAILED', 'boom 2', '2026-11-01 10:00:00', '{}')
"""
CODES: Final = """
CREATE TABLE codes (job bigint, step int, state smallint NOT NULL CHECK (state BETWEEN 0 AND 5), result text, PRIMARY KEY (job, step));
INSERT INTO codes VALUES (1, 1, 4, 'disk full'), (1, 2, 5, 'no route'), (1, 10, 4, 'disk full'), (2, 1, 3, NULL), (2, 2, 0, NULL)
"""
CODES_JSON: Final = (
    CODES.replace("result text", "result jsonb")
    .replace("'disk full'", """'{"error": {"message": "disk full"}}'""")
    .replace("'no route'", """'{"error": {"message": "no route"}}'""")
)
WORDS_JSON: Final = """
CREATE TABLE words (run_id text, phase_id text, state text NOT NULL CHECK (state IN ('NEW', 'RUNNING', 'OK', 'FAILED', 'ERROR')),
  reason jsonb, PRIMARY KEY (run_id, phase_id));
INSERT INTO words VALUES ('r1', 'p1', 'FAILED', '{"error": {"message": "disk 1 full"}}'), ('r1', 'p2', 'ERROR', '{"error": {"message": "disk 2 full"}}'),
  ('r1', 'p3', 'OK', NULL), ('r2', 'p1', 'NEW', NULL)
"""
DIRTY_WORDS: Final = """
CREATE TABLE runs (run_id varchar(40), phase_id int, status varchar(20), error text, PRIMARY KEY (run_id, phase_id));
INSERT INTO runs VALUES ('w1', 1, 'failed', 'a'), ('w1', 2, 'Failed ', 'b'), ('w1', 3, 'error', 'c'), ('w1', 4, 'done', NULL),
  ('w2', 1, 'FAILED', 'd'), ('w2', 2, 'failed', 'e'), ('w2', 10, 'failed', 'f')
"""
CSV: Final = """
CREATE TABLE runs ("Run" TEXT, "Step No" INTEGER, "Status" TEXT, "Error Text" TEXT, "Finished" TEXT);
INSERT INTO runs VALUES ('w1', 1, 'failed', 'no module', '01/11/2026'), ('w1', 2, 'Failed ', 'timeout', '2026-11-02'),
  ('w1', 3, 'error', '', 'Nov 3 2026'), ('w1', 4, 'done', '', ''), ('w2', 1, 'failed', '', ''), ('w2', 3, 'FAILED', 'disk full', ''),
  ('w2', 10, 'failed', 'disk full', ''), ('0042', 1, 'failed', 'leading zeros', '')
"""
LOOKUP: Final = """
CREATE TABLE statuses (id INTEGER PRIMARY KEY, label VARCHAR(20));
INSERT INTO statuses VALUES (1, 'Pending'), (2, 'Running'), (3, 'Done'), (4, 'Failed');
CREATE TABLE work_items (id INTEGER PRIMARY KEY, batch VARCHAR(20), status_id INTEGER, err VARCHAR(100), mtime BIGINT,
  FOREIGN KEY (status_id) REFERENCES statuses (id));
INSERT INTO work_items VALUES (1, 'b1', 3, NULL, 1760000000000), (2, 'b1', 4, 'x', 1760000000000), (3, 'b2', 1, NULL, 1760000000000)
"""
AUTOPACK: Final = """
CREATE TABLE runs (id VARCHAR(40) PRIMARY KEY, state VARCHAR(33) NOT NULL, updated_at TIMESTAMP, failure_reason TEXT);
CREATE TABLE tiers (id INTEGER PRIMARY KEY, tier_id VARCHAR(40) NOT NULL, run_id VARCHAR(40) NOT NULL, tier_index INTEGER, state VARCHAR(11));
CREATE TABLE phases (id INTEGER NOT NULL PRIMARY KEY, phase_id VARCHAR(40) NOT NULL, run_id VARCHAR(40) NOT NULL, tier_id INTEGER NOT NULL,
  phase_index INTEGER NOT NULL, name VARCHAR(40), state VARCHAR(10) NOT NULL, task_category VARCHAR(40), issue_state VARCHAR(40),
  quality_blocked BOOLEAN, last_failure_reason VARCHAR(100), updated_at TIMESTAMP NOT NULL, CONSTRAINT uq UNIQUE (run_id, phase_id));
INSERT INTO runs VALUES ('build134', 'PHASE_EXECUTION', '2025-12-28 00:00:00', NULL);
INSERT INTO tiers VALUES (1, 'T1', 'build134', 0, 'PENDING');
INSERT INTO phases VALUES (1, 'phase-0', 'build134', 1, 0, 'a', 'QUEUED', NULL, 'no_issues', FALSE, NULL, '2025-12-28 00:00:00'),
  (2, 'phase-1', 'build134', 1, 1, 'b', 'FAILED', NULL, 'no_issues', FALSE, 'PATCH_FAILED', '2025-12-28 00:00:00'),
  (3, 'phase-2', 'build134', 1, 2, 'c', 'SKIPPED', NULL, 'no_issues', FALSE, NULL, '2025-12-28 00:00:00')
"""
SOLID_QUEUE: Final = """
CREATE TABLE solid_queue_jobs (id bigint PRIMARY KEY, queue_name varchar(40) NOT NULL, class_name varchar(40) NOT NULL, arguments text,
  priority int, active_job_id varchar(40), scheduled_at timestamp NULL, finished_at timestamp NULL, concurrency_key varchar(40));
CREATE TABLE solid_queue_failed_executions (id bigint PRIMARY KEY, job_id bigint NOT NULL UNIQUE, error text);
CREATE TABLE solid_queue_claimed_executions (id bigint PRIMARY KEY, job_id bigint NOT NULL UNIQUE, process_id bigint);
CREATE TABLE solid_queue_ready_executions (id bigint PRIMARY KEY, job_id bigint NOT NULL UNIQUE, queue_name varchar(40) NOT NULL);
INSERT INTO solid_queue_jobs (id, queue_name, class_name, finished_at) VALUES (1, 'default', 'ReportJob', NULL), (2, 'default', 'ReportJob', NULL),
  (3, 'mailers', 'ReportJob', '2026-11-01 00:00:00'), (4, 'mailers', 'ReportJob', NULL);
INSERT INTO solid_queue_failed_executions VALUES (1, 1, '{"message": "boom 1"}'), (2, 4, '{"message": "boom 4"}');
INSERT INTO solid_queue_ready_executions VALUES (1, 2, 'default')
"""
SOLID_QUEUE_VIEW: Final = """
CREATE VIEW drainable AS SELECT j.queue_name AS run_id, j.id AS phase_id,
  CASE WHEN f.id IS NOT NULL THEN 'failed' WHEN c.id IS NOT NULL THEN 'claimed' WHEN r.id IS NOT NULL THEN 'ready'
       WHEN j.finished_at IS NOT NULL THEN 'finished' ELSE 'blocked' END AS state, f.error AS error
FROM solid_queue_jobs j LEFT JOIN solid_queue_failed_executions f ON f.job_id = j.id
  LEFT JOIN solid_queue_ready_executions r ON r.job_id = j.id LEFT JOIN solid_queue_claimed_executions c ON c.job_id = j.id
"""
PROCRASTINATE: Final = """
CREATE TYPE procrastinate_job_status AS ENUM ('todo', 'doing', 'succeeded', 'failed', 'cancelled', 'aborting', 'aborted');
CREATE TABLE procrastinate_jobs (id bigserial PRIMARY KEY, queue_name varchar(128) NOT NULL, task_name varchar(128) NOT NULL, priority int,
  lock text, queueing_lock text, args jsonb NOT NULL DEFAULT '{}', status procrastinate_job_status NOT NULL, scheduled_at timestamptz,
  attempts int NOT NULL DEFAULT 0, abort_requested bool DEFAULT false, worker_id bigint);
INSERT INTO procrastinate_jobs (queue_name, task_name, status) SELECT 'mail', 'send', 'failed' FROM generate_series(1, 3)
"""
DJANGO_TASKS: Final = """
CREATE TABLE django_tasks_database_dbtaskresult (id uuid PRIMARY KEY, status varchar(10) NOT NULL, args_kwargs jsonb NOT NULL, priority int,
  task_path text NOT NULL, queue_name varchar(32) NOT NULL, backend_name varchar(32) NOT NULL, run_after timestamptz NOT NULL,
  enqueued_at timestamptz, finished_at timestamptz, started_at timestamptz, return_value jsonb, exception_class_path text NOT NULL,
  traceback text NOT NULL, worker_ids jsonb);
INSERT INTO django_tasks_database_dbtaskresult SELECT gen_random_uuid(), 'FAILED', '{}', 0, 'work.t', 'default', 'default', now(), now(), NULL,
  NULL, NULL, 'ValueError', 'ValueError: it broke', '[]' FROM generate_series(1, 3)
"""
DELETED: Final = """
CREATE TABLE del (run_id varchar(9), phase_id varchar(9), state varchar(9), PRIMARY KEY (run_id, phase_id));
INSERT INTO del VALUES ('r', 'p1', 'FAILED'), ('r', 'p2', 'FAILED')
"""
VIEW_OF_LETTERS: Final = """
CREATE TABLE t (r TEXT, p TEXT, s TEXT, PRIMARY KEY (r, p));
INSERT INTO t VALUES ('r', 'a', 'FAILED'), ('r', 'b', 'FAILED'), ('q', 'c', 'FAILED');
CREATE VIEW phases AS SELECT r AS run_id, p AS phase_id, trim(s) AS state FROM t
"""
AIRFLOW: Final = """
CREATE TABLE task_instance (task_id varchar(40) NOT NULL, dag_id varchar(40) NOT NULL, run_id varchar(60) NOT NULL, map_index int NOT NULL DEFAULT -1,
  state varchar(20), try_number int NOT NULL, pool varchar(40) NOT NULL, operator varchar(40), updated_at timestamp NULL,
  PRIMARY KEY (dag_id, task_id, run_id, map_index));
INSERT INTO task_instance VALUES ('load', 'etl', 'night 1/2', -1, 'failed', 2, 'main', 'Bash', '2026-11-01 10:00:00'),
  ('sum', 'etl', 'night 1/2', -1, 'upstream_failed', 0, 'main', 'Bash', NULL), ('load', 'bi', 'night 1/2', -1, NULL, 0, 'main', 'Bash', NULL),
  ('mail', 'etl', 'night 1/2', 0, 'success', 1, 'main', 'Bash', NULL), ('mail', 'etl', 'night 1/2', 3, 'failed', 2, 'main', 'Bash', NULL)
"""
