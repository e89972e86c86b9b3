"""The table of flags. It is the source of each task's signature and help, of the settings that flags set, of how their values
are read, and of docs/flags.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batchdrain.cli.tasks.flag import (
    CLUSTER_ID,
    DURATION,
    FILE,
    GLOB,
    ID,
    INT,
    NAME,
    NUMBER,
    RATE,
    SWITCH,
    TEXT,
    URL,
    WHEN,
    Flag,
)

LONGEST: Final = 500
"""The most characters of a text that is kept in the ledger."""

_RUN = Flag("run_id", GLOB, "only this run, or the runs that match", "build130-schema or 'delta*'", unset="every run")
_REQUIRED_RUN = _RUN._replace(help="the run, or the runs that match (required)", unset="an error")
_EXCLUDE_RUN = Flag("exclude_run", GLOB, r"skip the runs that match one of these; `\,` is a comma of the id", "'build-*,tmp-?'",
                    is_list=True, unset="no run is skipped")  # fmt: skip
_CATEGORY = Flag("category", NAME, "only phases whose failure is of one of these categories", "transient,collection",
                 choices=("unknown", "transient", "collection", "deliverable", "patch", "other", "timeout"),
                 is_list=True, unset="every category")  # fmt: skip
_CLUSTER = Flag("cluster", CLUSTER_ID, "only phases of these failure clusters (`inv clusters` shows the ids)",
                "0f3a9c1b7e,5d41402abc", is_list=True, unset="every cluster")  # fmt: skip
_BATCH_SIZE = Flag("batch_size", INT, "how many phases to drain at most", "25", setting="batch_size")
_FINISH_CURRENT = Flag("finish_current", SWITCH, "on the first Ctrl-C let the running commands finish; the second one ends them",
                       setting="finish_current")  # fmt: skip
_PROFILE = Flag("profile", NAME, "a named set of limits", "throughput", setting="profile",
                choices=("classic", "conservative", "triage", "throughput"))  # fmt: skip
_CANARY = Flag("canary", SWITCH, "try one phase of a big cluster first, then two, then four, and more only while they succeed",
               setting="stop.canary")  # fmt: skip
_FAIL_IF_NOTHING = Flag("fail_if_nothing", SWITCH, "exit with 1 if nothing was selected, for CI", unset="off")
_QUIET = Flag("quiet", SWITCH, "print nothing while draining", unset="off")
_SESSION = Flag("session_id", ID, "this session instead of the newest", "batch-drain-20251228-120000", unset="the newest")
_RUNNING = Flag(
    "session_id", ID, "this session", "batch-drain-20251228-120000", unset="the only running session, else an error"
)
_WHY = Flag(
    "reason", TEXT, "the reason; it is stored in the session", "'the service is down'", most=LONGEST, unset="no reason"
)
_FORMAT = Flag("format", NAME, "how to print it", "json", choices=("text", "json"))
_REPORT_FORMAT = Flag("format", NAME, "how to print the report", "json", choices=("text", "json", "markdown"))
_OUTPUT = Flag("output", FILE, "write the plan to this file, for drain --plan", "plan.json", unset="no file is written")

_LIMITS = (
    Flag("policy", NAME, "what is drained first; each entry breaks the ties of the entries before it", "hints,smart", setting="policy",
         choices=("hints", "untried-first", "smart", "sample-first", "promising-first", "best-yield", "fewest-failures",
                  "run-order", "most-queued", "package.module:function"), is_list=True),
    Flag("workers", INT, "how many phases, each of another run, to execute at the same time", "4", setting="workers"),
    Flag("engine", NAME, "where the commands are executed; dask needs the extra `dask`", "local", setting="engine", choices=("local", "dask", "package.module:factory")),
    Flag("phase_timeout", DURATION, "the time limit of every phase, instead of limits learnt from the ledger", "90s or 10m",
         setting="timeout.default_s"),
    Flag("max_total_minutes", NUMBER, "start no new phase after so many minutes", "90", setting="stop.max_total_minutes"),
    Flag("max_attempts", INT, "how often one phase is tried in this session; only transient failures are tried again", "3",
         setting="retry.max_attempts"),
    Flag("max_timeouts_per_run", INT, "skip the rest of a run after so many timeouts; 0 is off", "1",
         setting="stop.max_timeouts_per_run"),
    Flag("max_repeats", INT, "after so many equal failures skip all phases that failed the same way; 0 is off", "5",
         setting="stop.max_repeats"),
    Flag("min_success_rate", RATE, "exit with 0 if at least this share succeeded; without it, only if all did", "0.8",
         setting="min_success_rate"),
)  # fmt: skip
_PLANNED = (
    Flag("plan", FILE, "drain exactly the phases of this file, in its order (see dry-run --output)", "plan.json",
         unset="no plan"),
    _CLUSTER,
    Flag("include_quarantined", SWITCH, "also phases in quarantine: the process that ran them died three times in a row",
         unset="off"),
    Flag("triage", SWITCH, "diagnose the next phases (triage.argv) while others are drained, and follow the verdicts", unset="off"),
    Flag("group", ID, "share batch size, minutes and stop conditions with all drains of this name, "
         "on any host", "nightly-4711", most=LONGEST, unset="the drain shares nothing"),
    _PROFILE,
    _CANARY,
)  # fmt: skip
_QUEUED = (
    Flag("max_batches", INT, "how many batches of queued phases at most", "4", unset="until none is queued"),
    Flag("stop_on_first_failure", SWITCH, "end after the first queued phase that fails", unset="off"),
)
_CHOICE = (_BATCH_SIZE, _RUN, _EXCLUDE_RUN, _CATEGORY, *_LIMITS)
_CHAIN = (Flag("queued_batch_size", INT, "the number of queued phases in a batch", "10", setting="batch_size",
               unset="--batch-size, else the setting `batch_size`"),
          _QUEUED[0], _QUEUED[1]._replace(help="end after the first phase that fails, in either part"),
          _BATCH_SIZE._replace(help="how many failed phases to drain at most"))  # fmt: skip
_CHAIN_LIMITS = (
    _LIMITS[0]._replace(help="which failed phases are drained first; each entry breaks the ties of the entries before it"),
    *_LIMITS[1:],
)
_NARROWED = tuple(
    flag._replace(help=f"{flag.help}. It can only narrow the session", unset="the session's own")
    for flag in _LIMITS
    if flag.name
    in {"workers", "max_total_minutes", "max_attempts", "max_timeouts_per_run", "max_repeats", "min_success_rate"}
)
_RESUME = Flag("resume", SWITCH, "continue the newest incomplete session", unset="off")

FLAGS: Final[Mapping[str, tuple[Flag, ...]]] = {
    "drain": (
        *_CHOICE, Flag("dry_run", SWITCH, "show what would be drained; write nothing", unset="off"), _RESUME, *_PLANNED,
        _QUIET, _FINISH_CURRENT, _REPORT_FORMAT, _FAIL_IF_NOTHING,
    ),
    "resume": (
        _SESSION,
        _BATCH_SIZE._replace(help="take at most this many phases in this call; the session keeps its own size",
                             unset="what is left of the session"),
        _FINISH_CURRENT, *_NARROWED,
        Flag("close", SWITCH, "complete a session whose process died, and start no work", unset="off"),
        _FAIL_IF_NOTHING, _REPORT_FORMAT,
    ),
    "dry_run": (
        *_CHOICE, *_PLANNED, _RESUME, _OUTPUT,
        Flag("explain", SWITCH, "list every phase with the reason why it is chosen or skipped", unset="off"),
        _QUIET._replace(help="print only the counts"), _FINISH_CURRENT, _FORMAT, _FAIL_IF_NOTHING,
    ),
    "drain_queued": (
        _REQUIRED_RUN._replace(help="the run whose queued phases are drained, or the runs that match (required)"),
        _BATCH_SIZE._replace(help="the number of phases in a batch"), *_QUEUED, _FINISH_CURRENT, _FAIL_IF_NOTHING, _REPORT_FORMAT,
    ),
    "chain_with_queued": (
        _REQUIRED_RUN, *_CHAIN, _CATEGORY, *_CHAIN_LIMITS, _PROFILE, _QUIET, _FINISH_CURRENT, _FAIL_IF_NOTHING, _REPORT_FORMAT,
    ),
    "drain_all": (
        *_CHAIN, _EXCLUDE_RUN, _CATEGORY, *_CHAIN_LIMITS, _PROFILE, _QUIET, _FINISH_CURRENT, _FAIL_IF_NOTHING, _REPORT_FORMAT,
    ),
    "summary": (
        _SESSION, _REPORT_FORMAT._replace(choices=(*_REPORT_FORMAT.choices, "html", "junit")),
        _OUTPUT._replace(help="write the report to this file", example="summary.md", unset="it is printed"),
    ),
    "sessions": (
        Flag("top", INT, "show this many, newest first", "50", unset="20; all for JSON"),
        Flag("all", SWITCH, "show all sessions", unset="off"),
        _FORMAT,
    ),
    "events": (
        _SESSION,
        Flag("follow", SWITCH, "also print new events, until the session ends", unset="only present events"),
        _FORMAT,
    ),
    "status": (
        Flag("watch", SWITCH, "repeat it every two seconds, until nothing runs or Ctrl-C", unset="it is printed once"),
        _FORMAT,
    ),
    "stop": (
        _RUNNING, Flag("now", SWITCH, "end the running commands too, and release their phases", unset="running commands may finish"), _WHY, _FORMAT,
    ),
    "pause": (_RUNNING, _WHY, _FORMAT),
    "continue": (_RUNNING, _WHY, _FORMAT),
    "pick_next_run": (
        Flag("state", NAME, "consider only phases in this state", "queued", choices=("any", "queued", "failed"), default="any"),
        _FORMAT._replace(choices=("tsv", "json")),
    ),
    "list_run_counts": (_FORMAT._replace(choices=("tsv", "json", "text")),),
    "clusters": (
        _RUN._replace(help="only clusters of this run, or of the runs that match"),
        Flag("top", INT, "show this many, most frequent first", "5", unset="20; all for JSON"),
        _FORMAT,
    ),
    "hint": (
        Flag("run_id", GLOB, "the runs", "'build-*'", most=LONGEST, unset="the hints are listed"),
        Flag("priority", INT, "higher is sooner", "10 or --priority=-5", least=-1_000_000, unset="an error, except with --clear"),
        Flag("reason", TEXT, "the reason; it is shown in the list", "'release on Friday'", most=LONGEST, unset="no reason"),
        Flag("clear", SWITCH, "remove the hint of this run or glob", unset="off"),
        _FORMAT,
    ),
    "accept": (
        Flag("run_id", GLOB, "the runs; with --phase-id exactly this run", "'build-*'", most=LONGEST,
             unset="the acceptances are listed, except with --cluster"),
        Flag("phase_id", ID, "only this phase of the run", "phase-2-tests", most=LONGEST, unset="every phase of the run"),
        _CLUSTER._replace(help="all failures of these clusters, in every run (`inv clusters` shows the ids)", unset="no cluster"),
        Flag("reason", TEXT, "why the failure is known (required)", "'waits for release 2'", most=LONGEST,
             unset="an error, except with --clear"),
        Flag("until", WHEN, "the acceptance ends then: a date, a date and time (UTC), or a time from now",
             "2027-03-01, 2027-03-01T12:00Z or 7d", unset="until it is removed"),
        Flag("clear", SWITCH, "remove the acceptance: the phase, run or cluster may be drained again", unset="off"),
        _FORMAT,
    ),
    "explain": (
        _RUN._replace(help="the run of the phase; without --phase-id: what has become of the phases of this run, or of the runs that match",
                      unset="what has become of all failed phases is counted"),
        Flag("phase_id", ID, "the phase whose history is shown", "phase-2-tests", unset="phases are counted"),
        _FORMAT,
    ),
    "reopen": (
        Flag("run_id", GLOB, "the runs; with --phase-id exactly this run", "'build-*'", unset="what can be reopened is listed, except with --cluster"),
        Flag("phase_id", ID, "only this phase of the run", "phase-2-tests", unset="every phase of the run"),
        _CLUSTER._replace(help="all phases of these clusters, in every run (`inv clusters` shows the ids)", unset="no cluster"),
        Flag("reason", TEXT, "why it may be tried again (required)", "'the node has more memory'", most=LONGEST,
             unset="an error, except where they are listed"),
        _FORMAT,
    ),
    "triage": (
        Flag("limit", INT, "how many phases to diagnose at most, in the order of a drain", "50",
             setting="triage.limit"),
        Flag("workers", INT, "how many diagnoses to run at the same time", "4", setting="triage.workers"),
        _RUN, _EXCLUDE_RUN, _CATEGORY,
        Flag("anew", SWITCH, "diagnose also phases whose verdict is still valid", unset="off"),
        _FORMAT,
    ),
    "doctor": (_FORMAT,),
    "init": (
        Flag("database_url", URL, "the database to inspect", "sqlite:///work.db", unset="the configured one"),
        Flag("table", TEXT, "the table that holds the phases", "phases", unset="the likeliest one"),
        Flag("yes", SWITCH, "accept the guesses, and ask nothing", unset="it asks, but only at a terminal"),
        _FORMAT,
    ),
    "recover": (_FORMAT,),
    "prune": (
        Flag("older_than", DURATION, "what ended longer ago than this: s, m, h, d or w (required without --session-id)",
             "30d, 12h, 90m or 2w", unset="an error, except with --session-id"),
        _SESSION._replace(help="remove only these sessions, even if they can be resumed", is_list=True,
                          unset="every session that has ended"),
        Flag("yes", SWITCH, "remove them; without this flag they are only listed", unset="off"),
        _FORMAT,
    ),
    "demo": (
        Flag("phases", INT, "failed phases to make, 1 to 100000", "500", most=100_000, unset="60"),
        Flag("seed", INT, "a different seed makes a different backlog", "3", least=0, unset="7"),
        _FORMAT,
    ),
}  # fmt: skip
"""The flags of each task, in the order of its parameters."""
