"""Tables in the shapes of queues and runners that `inv init` does not know by name. In SQL that each named database takes."""

from __future__ import annotations

from typing import Final

CONCLUSIONS: Final = """
CREATE TABLE check_runs (id INTEGER PRIMARY KEY, name TEXT, status TEXT, conclusion TEXT, run_id INTEGER);
INSERT INTO check_runs VALUES (1, 'unit', 'completed', 'failure', 7), (2, 'lint', 'completed', 'success', 7), (3, 'e2e', 'in_progress', NULL, 8)
"""
KEY_WITH_A_PARTITION: Final = """
CREATE TABLE builds (id INTEGER NOT NULL, partition_id INTEGER NOT NULL, status TEXT, PRIMARY KEY (id, partition_id));
INSERT INTO builds VALUES (1, 100, 'failed'), (2, 100, 'success'), (3, 100, 'failed')
"""
KEY_WITH_A_GROUP: Final = """
CREATE TABLE triggers (sched TEXT, trigger_name TEXT, trigger_group TEXT, trigger_state TEXT, PRIMARY KEY (sched, trigger_name, trigger_group));
INSERT INTO triggers VALUES ('main', 't1', 'nightly', 'ERROR'), ('main', 't2', 'nightly', 'WAITING'), ('main', 't3', 'weekly', 'ERROR')
"""
RUNS_AND_TASKS: Final = """
CREATE TABLE run_details (uuid TEXT PRIMARY KEY, name TEXT, state TEXT);
CREATE TABLE work (uuid TEXT PRIMARY KEY, pipeline_name TEXT, owner TEXT, state TEXT, state_info TEXT, FOREIGN KEY (owner) REFERENCES run_details (uuid));
INSERT INTO run_details VALUES ('r1', 'train', 'FAILED'), ('r2', 'train', 'SUCCEEDED');
INSERT INTO work VALUES ('t1', 'train', 'r1', 'FAILED', 'no room'), ('t2', 'train', 'r1', 'SUCCEEDED', NULL), ('t3', 'train', 'r2', 'SUCCEEDED', NULL)
"""
SEVERAL_TEXTS: Final = """
CREATE TABLE job (id INTEGER PRIMARY KEY, update_time TIMESTAMP, tool TEXT, state TEXT, traceback TEXT, job_stderr TEXT, exit_code INTEGER);
INSERT INTO job VALUES (1, '2026-11-01 10:00:00', 'bwa', 'error', NULL, 'no such file', 1), (2, '2026-11-01 10:00:00', 'sort', 'ok', NULL, '', 0),
  (3, '2026-11-01 10:00:00', 'bwa', 'error', NULL, 'killed', 137)
"""
UNNAMED_TEXT: Final = """
CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT, remark TEXT);
INSERT INTO job VALUES (1, 'failed', 'lost contact with node 7'), (2, 'done', ''), (3, 'done', NULL)
"""
EXIT_CODES: Final = """
CREATE TABLE job_table (inx INTEGER PRIMARY KEY, mod_time BIGINT, exit_code INTEGER, state INTEGER);
INSERT INTO job_table VALUES (1, 1796000000, 256, 5), (2, 1796000000, 0, 3), (3, 1796000000, 0, 0), (4, 1796000000, 1, 5)
"""
FOLDED: Final = """
CREATE TABLE job (id INTEGER PRIMARY KEY, statename TEXT, queuename TEXT);
CREATE TABLE state (id INTEGER PRIMARY KEY, jobid INTEGER NOT NULL, name TEXT, reason TEXT, FOREIGN KEY (jobid) REFERENCES job (id));
INSERT INTO job VALUES (1, 'Failed', 'mail'), (2, 'Succeeded', 'mail'), (3, 'Failed', 'web');
INSERT INTO state VALUES (1, 1, 'Enqueued', NULL), (2, 1, 'Failed', 'boom'), (3, 2, 'Succeeded', NULL), (4, 3, 'Failed', 'boom')
"""
NUMBER_AND_NAME: Final = """
CREATE TABLE runs (id INTEGER PRIMARY KEY, run_id VARCHAR(40) UNIQUE, pipeline_name TEXT, status TEXT, update_timestamp TIMESTAMP);
INSERT INTO runs VALUES (1, 'a1', 'etl', 'FAILURE', '2026-11-01 10:00:00'), (2, 'b2', 'etl', 'SUCCESS', '2026-11-01 10:00:00'),
  (3, 'c3', 'bi', 'FAILURE', '2026-11-01 10:00:00')
"""
NO_STATES: Final = """
CREATE TABLE content_types (id INTEGER PRIMARY KEY, app TEXT, model TEXT, UNIQUE (app, model));
INSERT INTO content_types VALUES (1, 'q', 'success'), (2, 'q', 'failure'), (3, 'auth', 'user');
CREATE TABLE q_task (id VARCHAR(32) PRIMARY KEY, name TEXT, result TEXT, started TIMESTAMP, stopped TIMESTAMP, success BOOLEAN NOT NULL);
INSERT INTO q_task VALUES ('a', 'x', 'boom', '2026-11-01 10:00:00', '2026-11-01 10:00:01', FALSE), ('b', 'y', '4', '2026-11-01 10:00:00', '2026-11-01 10:00:01', TRUE)
"""
FAILED_AT: Final = """
CREATE TABLE delayed_jobs (id BIGINT PRIMARY KEY, queue VARCHAR(20), handler TEXT, last_error TEXT, locked_at TIMESTAMP NULL, failed_at TIMESTAMP NULL);
INSERT INTO delayed_jobs VALUES (1, 'mail', 'x', 'boom 1', NULL, '2026-11-01 10:00:00'), (2, 'mail', 'x', NULL, NULL, NULL),
  (3, 'mail', 'x', 'boom 3', NULL, '2026-11-01 10:00:00')
"""
ERROR_AT_THE_END: Final = """
CREATE TABLE rails_jobs (id BIGINT PRIMARY KEY, queue_name VARCHAR(20), error TEXT, performed_at TIMESTAMP NULL, finished_at TIMESTAMP NULL);
INSERT INTO rails_jobs VALUES (1, 'mail', 'boom 1', '2026-11-01 10:00:00', '2026-11-01 10:00:01'), (2, 'mail', NULL, NULL, NULL),
  (3, 'mail', NULL, '2026-11-01 10:00:00', '2026-11-01 10:00:01'), (4, 'mail', 'once', '2026-11-01 10:00:00', NULL)
"""
TRIES_USED_UP: Final = """
CREATE TABLE worker_jobs (id BIGINT PRIMARY KEY, attempts INTEGER NOT NULL, max_attempts INTEGER NOT NULL, last_error TEXT, locked_at TIMESTAMP NULL);
INSERT INTO worker_jobs VALUES (1, 3, 3, 'boom 1', NULL), (2, 1, 3, 'once', NULL), (3, 0, 3, NULL, NULL)
"""
ALL_FAILED: Final = """
CREATE TABLE failed_jobs (id BIGINT PRIMARY KEY, queue VARCHAR(20) NOT NULL, exception TEXT NOT NULL, failed_at TIMESTAMP NOT NULL);
INSERT INTO failed_jobs VALUES (1, 'mail', 'boom 1', '2026-11-01 10:00:00'), (2, 'mail', 'boom 2', '2026-11-01 10:00:00')
"""
PARTITIONED: Final = """
CREATE SCHEMA boss;
CREATE TYPE boss.job_state AS ENUM ('created', 'active', 'completed', 'failed');
CREATE TABLE boss.job (id uuid NOT NULL, name text NOT NULL, state boss.job_state NOT NULL, errors jsonb[]) PARTITION BY LIST (name);
ALTER TABLE boss.job ADD PRIMARY KEY (name, id);
CREATE TABLE boss.j1 PARTITION OF boss.job FOR VALUES IN ('mail');
INSERT INTO boss.job SELECT gen_random_uuid(), 'mail', 'failed', ARRAY['{"at": 1, "error": "first"}', '{"at": 2, "error": "boom"}']::jsonb[] FROM generate_series(1, 3)
"""
MENDED_LATER: Final = """
CREATE TABLE "check" (id INTEGER PRIMARY KEY, queue VARCHAR(40), failed_at VARCHAR(40), completed_at VARCHAR(40), error VARCHAR(40));
INSERT INTO "check" VALUES (1, 'mail', '2020-01-01', '2020-01-02', 'x');
INSERT INTO "check" VALUES (2, 'mail', '2020-01-03', NULL, 'y');
INSERT INTO "check" VALUES (3, 'mail', '2020-01-03', '2020-01-03', 'y');
INSERT INTO "check" VALUES (4, 'mail', NULL, NULL, NULL);
"""
EVENTS: Final = """
CREATE TABLE tasks (id INTEGER PRIMARY KEY, name VARCHAR(40));
CREATE TABLE task_events (id INTEGER PRIMARY KEY, task_id INTEGER, event_name VARCHAR(20), FOREIGN KEY (task_id) REFERENCES tasks (id));
INSERT INTO tasks VALUES (1, 'load'), (2, 'sum'), (3, 'mail');
INSERT INTO task_events VALUES (1, 1, 'PENDING'), (2, 1, 'RUNNING'), (3, 1, 'FAILED'), (4, 1, 'DONE'), (5, 2, 'PENDING'), (6, 2, 'FAILED'), (7, 3, 'FAILED')
"""
TRACEBACKS: Final = """
CREATE TABLE jobs (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), queue text NOT NULL, kwargs jsonb, state varchar(25) NOT NULL, errors jsonb NOT NULL DEFAULT '[]');
INSERT INTO jobs (queue, kwargs, state, errors) VALUES ('mail', '{"message": "hello"}', 'failed', '[{"attempt": 1, "traceback": "OSError: gone"}, {"attempt": 2, "traceback": "ValueError: boom"}]'),
  ('mail', '{"message": "hi"}', 'failed', '[{"attempt": 1, "traceback": "ValueError: boom"}]'), ('web', '{"message": "b"}', 'succeeded', '[]'),
  ('web', '{"message": "c"}', 'succeeded', '[]'), ('web', '{"message": "d"}', 'pending', '[]')
"""
KEY_WITH_AN_ATTEMPT: Final = """
CREATE TABLE execution_jobs (exec_id INTEGER, flow_id TEXT, job_id TEXT, attempt INTEGER, status TEXT, PRIMARY KEY (exec_id, flow_id, job_id, attempt));
INSERT INTO execution_jobs VALUES (1, 'f', 'a', 0, 'FAILED'), (1, 'f', 'b', 0, 'SUCCEEDED'), (2, 'f', 'a', 0, 'FAILED'), (2, 'f', 'a', 1, 'FAILED')
"""
INVOCATIONS: Final = """
CREATE TABLE dbt_run_results (model_execution_id TEXT, unique_id TEXT, invocation_id TEXT, name TEXT, message TEXT, status TEXT);
INSERT INTO dbt_run_results VALUES ('i1.a', 'm.a', 'i1', 'a', 'no such relation', 'error'), ('i1.b', 'm.b', 'i1', 'b', 'SELECT 5', 'success'), ('i2.a', 'm.a', 'i2', 'a', 'Got 3 results', 'fail')
"""
ACTIONS: Final = """
CREATE TABLE wf_actions (id VARCHAR(255) PRIMARY KEY, name TEXT, status TEXT, error_message TEXT, wf_id VARCHAR(255));
INSERT INTO wf_actions VALUES ('w1@a', 'a', 'ERROR', 'threw', 'w1'), ('w1@b', 'b', 'OK', NULL, 'w1'), ('w2@a', 'a', 'FAILED', 'no route', 'w2')
"""
FLAGS = """
CREATE TABLE work_queue (id INTEGER PRIMARY KEY, queue VARCHAR(20) NOT NULL, locked INTEGER NOT NULL, done INTEGER NOT NULL, failed INTEGER NOT NULL,
  err VARCHAR(40));
INSERT INTO work_queue VALUES (1, 'q', 0, 1, 0, NULL), (2, 'q', 0, 0, 1, 'x broke'), (3, 'r', 0, 0, 1, 'y broke'), (4, 'r', 1, 0, 0, NULL),
  (5, 'r', 0, 0, 0, NULL)
"""
ENDED_WITH_CODES = """
CREATE TABLE cron_runs (job VARCHAR(20) NOT NULL, run_at BIGINT NOT NULL, exit_code INTEGER, output VARCHAR(40), PRIMARY KEY (job, run_at));
INSERT INTO cron_runs VALUES ('backup', 1760000000000, 0, 'ok'), ('backup', 1760086400000, 1, 'disk full'), ('report', 1760000000000, 2, 'no data'),
  ('report', 1760086400000, NULL, NULL)
"""
DELIVERIES = """
CREATE TABLE deliveries (id INTEGER PRIMARY KEY, endpoint_id INTEGER NOT NULL, delivered BOOLEAN NOT NULL, attempts INTEGER, max_attempts INTEGER,
  last_error VARCHAR(40));
INSERT INTO deliveries VALUES (1, 7, TRUE, 5, 5, 'busy'), (2, 7, FALSE, 5, 5, 'server error'), (3, 8, FALSE, 5, 5, 'timeout'), (4, 8, FALSE, 1, 5, 'busy')
"""
