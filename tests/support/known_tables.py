"""Tables of well-known queues, as their own migrations make them, in SQL that each named database takes."""

from __future__ import annotations

from typing import Final

DELAYED_JOB: Final = """
CREATE TABLE delayed_jobs (id INTEGER PRIMARY KEY, priority INTEGER NOT NULL, attempts INTEGER NOT NULL, handler TEXT NOT NULL, last_error TEXT,
  run_at TIMESTAMP NULL, locked_at TIMESTAMP NULL, failed_at TIMESTAMP NULL, locked_by VARCHAR(40), queue VARCHAR(40));
INSERT INTO delayed_jobs VALUES (1, 0, 25, 'x', 'boom', NULL, NULL, '2026-11-01 10:00:00', NULL, NULL),
  (2, 0, 25, 'x', 'boom', NULL, NULL, '2026-11-01 10:00:00', NULL, 'mail'), (3, 0, 0, 'x', NULL, NULL, NULL, NULL, NULL, 'mail'),
  (4, 0, 1, 'x', 'once', NULL, '2026-11-01 10:00:00', NULL, 'w1', 'mail')
"""
MESSENGER: Final = """
CREATE TABLE messenger_messages (id INTEGER PRIMARY KEY, body TEXT NOT NULL, headers TEXT NOT NULL, queue_name VARCHAR(190) NOT NULL,
  created_at TIMESTAMP NULL, available_at TIMESTAMP NULL, delivered_at TIMESTAMP NULL);
INSERT INTO messenger_messages VALUES (1, '', '', 'failed', NULL, NULL, NULL), (2, '', '', 'failed', NULL, NULL, NULL),
  (3, '', '', 'default', NULL, NULL, NULL), (4, '', '', 'default', NULL, NULL, '2026-11-01 10:00:00')
"""
DB_SCHEDULER: Final = """
CREATE TABLE scheduled_tasks (task_name VARCHAR(40) NOT NULL, task_instance VARCHAR(40) NOT NULL, task_data VARCHAR(9), execution_time TIMESTAMP NULL,
  picked BOOLEAN NOT NULL, picked_by VARCHAR(9), last_success TIMESTAMP NULL, last_failure TIMESTAMP NULL, consecutive_failures INTEGER,
  last_heartbeat TIMESTAMP NULL, version BIGINT NOT NULL, PRIMARY KEY (task_name, task_instance));
INSERT INTO scheduled_tasks VALUES ('mail', '1', NULL, NULL, FALSE, NULL, NULL, '2026-11-01 10:00:00', 3, NULL, 1),
  ('mail', '2', NULL, NULL, FALSE, NULL, '2026-11-01 10:00:00', NULL, 0, NULL, 1), ('mail', '3', NULL, NULL, TRUE, 'w', NULL, '2026-11-01 10:00:00', 1, NULL, 1),
  ('web', '1', NULL, NULL, FALSE, NULL, '2026-11-01 09:00:00', '2026-11-01 10:00:00', 1, NULL, 1), ('web', '2', NULL, NULL, FALSE, NULL, NULL, NULL, 0, NULL, 1)
"""
CAMUNDA: Final = """
CREATE TABLE ACT_RU_JOB (ID_ VARCHAR(64) NOT NULL PRIMARY KEY, LOCK_EXP_TIME_ TIMESTAMP NULL, PROCESS_INSTANCE_ID_ VARCHAR(64), RETRIES_ INTEGER,
  EXCEPTION_MSG_ VARCHAR(400), HANDLER_TYPE_ VARCHAR(40), SUSPENSION_STATE_ INTEGER NOT NULL);
INSERT INTO ACT_RU_JOB VALUES ('a', NULL, 'p1', 0, 'boom', 'async', 1), ('b', NULL, 'p1', 3, NULL, 'async', 1), ('c', NULL, NULL, 0, 'boom', 'timer', 1)
"""
SPRING_BATCH: Final = """
CREATE TABLE BATCH_JOB_INSTANCE (JOB_INSTANCE_ID BIGINT NOT NULL PRIMARY KEY, JOB_NAME VARCHAR(40) NOT NULL, JOB_KEY VARCHAR(32) NOT NULL);
CREATE TABLE BATCH_JOB_EXECUTION (JOB_EXECUTION_ID BIGINT NOT NULL PRIMARY KEY, JOB_INSTANCE_ID BIGINT NOT NULL, STATUS VARCHAR(10),
  EXIT_CODE VARCHAR(40), EXIT_MESSAGE VARCHAR(400), LAST_UPDATED TIMESTAMP NULL);
CREATE TABLE BATCH_STEP_EXECUTION (STEP_EXECUTION_ID BIGINT NOT NULL PRIMARY KEY, STEP_NAME VARCHAR(40) NOT NULL, JOB_EXECUTION_ID BIGINT NOT NULL,
  STATUS VARCHAR(10), EXIT_CODE VARCHAR(40), EXIT_MESSAGE VARCHAR(400), LAST_UPDATED TIMESTAMP NULL);
INSERT INTO BATCH_JOB_INSTANCE VALUES (1, 'load', 'a'), (2, 'load', 'b'), (3, 'mail', 'c');
INSERT INTO BATCH_JOB_EXECUTION VALUES (1, 1, 'FAILED', 'FAILED', 'boom', NULL), (2, 1, 'COMPLETED', 'COMPLETED', '', NULL),
  (3, 2, 'COMPLETED', 'COMPLETED', '', NULL), (4, 3, 'FAILED', 'FAILED', 'boom', NULL), (5, 3, 'FAILED', 'FAILED', 'boom again', NULL);
INSERT INTO BATCH_STEP_EXECUTION VALUES (1, 'read', 5, 'FAILED', 'FAILED', 'boom again', NULL)
"""
FAILED_JOBS: Final = """
CREATE TABLE failed_jobs (id INTEGER PRIMARY KEY, uuid VARCHAR(40) NOT NULL UNIQUE, connection VARCHAR(40) NOT NULL, queue VARCHAR(40) NOT NULL,
  payload TEXT NOT NULL, exception TEXT NOT NULL, failed_at TIMESTAMP NULL);
INSERT INTO failed_jobs VALUES (1, 'u1', 'database', 'mail', '{}', 'boom', NULL), (2, 'u2', 'database', 'mail', '{}', 'boom', NULL)
"""
OBAN: Final = """
CREATE TYPE oban_job_state AS ENUM ('available', 'scheduled', 'executing', 'retryable', 'completed', 'discarded', 'cancelled');
CREATE TABLE oban_jobs (id bigserial PRIMARY KEY, state oban_job_state NOT NULL, queue text NOT NULL, worker text NOT NULL, args jsonb NOT NULL,
  errors jsonb[] NOT NULL, attempt integer NOT NULL, max_attempts integer NOT NULL, attempted_at timestamp, discarded_at timestamp);
INSERT INTO oban_jobs (state, queue, worker, args, errors, attempt, max_attempts) SELECT 'discarded', 'mail', 'App.Mail', '{}',
  ARRAY['{"at": "a", "attempt": 1, "error": "first"}', '{"at": "b", "attempt": 2, "error": "** (RuntimeError) boom"}']::jsonb[], 2, 2 FROM generate_series(1, 3);
INSERT INTO oban_jobs (state, queue, worker, args, errors, attempt, max_attempts) VALUES ('completed', 'mail', 'App.Mail', '{}', '{}', 1, 2)
"""
RIVER: Final = """
CREATE TYPE river_job_state AS ENUM ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled');
CREATE TABLE river_job (id bigserial PRIMARY KEY, state river_job_state NOT NULL, attempt smallint NOT NULL, max_attempts smallint NOT NULL, finalized_at timestamptz,
  args jsonb NOT NULL, errors jsonb[], kind text NOT NULL, queue text NOT NULL, CONSTRAINT finalized CHECK ((finalized_at IS NULL AND state NOT IN
  ('cancelled', 'completed', 'discarded')) OR (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))));
INSERT INTO river_job (state, attempt, max_attempts, finalized_at, args, errors, kind, queue) SELECT 'discarded', 2, 2, now(), '{}',
  ARRAY['{"at": "a", "attempt": 1, "error": "first"}', '{"at": "b", "attempt": 2, "error": "boom"}']::jsonb[], 'sort', 'default' FROM generate_series(1, 3)
"""
GITLAB: Final = """
CREATE TABLE p_ci_pipelines (id bigint NOT NULL, partition_id bigint NOT NULL, status varchar, PRIMARY KEY (partition_id, id)) PARTITION BY LIST (partition_id);
CREATE TABLE ci_pipelines PARTITION OF p_ci_pipelines FOR VALUES IN (100);
CREATE TABLE p_ci_builds (status varchar, name varchar, stage_idx int, retried boolean, allow_failure boolean NOT NULL DEFAULT false, failure_reason int,
  updated_at timestamp, id bigint NOT NULL, partition_id bigint NOT NULL, commit_id bigint, runner_id bigint, PRIMARY KEY (id, partition_id),
  FOREIGN KEY (partition_id, commit_id) REFERENCES p_ci_pipelines (partition_id, id)) PARTITION BY LIST (partition_id);
CREATE TABLE ci_builds PARTITION OF p_ci_builds FOR VALUES IN (100);
INSERT INTO p_ci_pipelines VALUES (1, 100, 'failed'), (2, 100, 'failed');
INSERT INTO p_ci_builds (id, partition_id, commit_id, name, stage_idx, status, retried, failure_reason) VALUES (11, 100, 1, 'unit', 1, 'failed', true, 1),
  (12, 100, 1, 'unit', 1, 'failed', NULL, 1), (13, 100, 1, 'lint', 0, 'success', NULL, NULL), (14, 100, 2, 'unit', 1, 'failed', false, 1)
"""
