"""The tasks that drain, and the dry run."""

from __future__ import annotations

from typing import Any

from invoke.context import Context

from batchdrain.cli.tasks.invoke_edge import command, invocation_of

_LISTS = ("exclude_run", "category")
_SETTINGS = (
    "batch_size", "policy", "workers", "engine", "phase_timeout", "max_total_minutes", "max_attempts",
    "max_timeouts_per_run", "max_repeats", "min_success_rate", "profile", "finish_current", "canary",
)  # fmt: skip


def _split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The flags that set a setting, and the others."""
    settings = {name: given[name] for name in _SETTINGS if name in given and given[name] is not False}
    return settings, {name: value for name, value in given.items() if name not in _SETTINGS and name != "c"}


@command(iterable=_LISTS)
def drain(
    c: Context,
    batch_size: str | None = None,
    run_id: str | None = None,
    exclude_run: list[str] | None = None,
    category: list[str] | None = None,
    policy: str | None = None,
    workers: str | None = None,
    engine: str | None = None,
    phase_timeout: str | None = None,
    max_total_minutes: str | None = None,
    max_attempts: str | None = None,
    max_timeouts_per_run: str | None = None,
    max_repeats: str | None = None,
    min_success_rate: str | None = None,
    dry_run: bool = False,
    resume: bool = False,
    plan: str | None = None,
    cluster: str | None = None,
    include_quarantined: bool = False,
    triage: bool = False,
    profile: str | None = None,
    canary: bool = False,
    quiet: bool = False,
    finish_current: bool = False,
    format: str | None = None,  # noqa: A002 - the flag's name
) -> int:
    """Drain failed phases, the one most worth trying first."""
    settings, others = _split(locals())
    from batchdrain.cli.commands.drain import drain_failed
    from batchdrain.cli.commands.drain_flags import DrainFlags

    return drain_failed(invocation_of(c), settings, DrainFlags(**others))


@command(help={"batch_size": "take at most so many phases in this go; the session's own size stays"})
def resume(c: Context, session_id: str | None = None, batch_size: str | None = None, finish_current: bool = False) -> int:
    """Go on with the newest incomplete session, or the one named, as it was asked for."""
    from batchdrain.cli.commands.resume import resume_session

    return resume_session(invocation_of(c), session_id, batch_size, finish_current=finish_current)


@command(help={"format": "text or json"}, iterable=_LISTS)
def dry_run(
    c: Context,
    batch_size: str | None = None,
    run_id: str | None = None,
    exclude_run: list[str] | None = None,
    category: list[str] | None = None,
    policy: str | None = None,
    workers: str | None = None,
    engine: str | None = None,
    phase_timeout: str | None = None,
    max_total_minutes: str | None = None,
    max_attempts: str | None = None,
    max_timeouts_per_run: str | None = None,
    max_repeats: str | None = None,
    min_success_rate: str | None = None,
    plan: str | None = None,
    cluster: str | None = None,
    include_quarantined: bool = False,
    triage: bool = False,
    profile: str | None = None,
    canary: bool = False,
    resume: bool = False,
    output: str | None = None,
    explain: bool = False,
    quiet: bool = False,
    finish_current: bool = False,
    format: str | None = None,  # noqa: A002 - the flag's name
) -> int:
    """Show the phases that drain would take, in order, each with its reason. Writes nothing."""
    settings, others = _split(locals())
    from batchdrain.cli.commands.drain import drain_failed
    from batchdrain.cli.commands.drain_flags import DrainFlags

    return drain_failed(invocation_of(c), settings, DrainFlags(**others, dry_run=True))


@command(help={"run_id": "the run whose queued phases are drained (required)", "batch_size": "phases a batch"})
def drain_queued(
    c: Context,
    run_id: str | None = None,
    batch_size: str | None = None,
    max_batches: str | None = None,
    stop_on_first_failure: bool = False,
    finish_current: bool = False,
) -> int:
    """Drain the queued phases of a run in phase order, batch after batch, until none is left."""
    from batchdrain.cli.commands.chain import queued_of_run

    flags = {"finish_current": finish_current or None}
    return queued_of_run(
        invocation_of(c), flags, run_id, batch_size, max_batches, stop_on_first_failure=stop_on_first_failure
    )


_CHAIN_HELP = {
    "batch_size": "how many failed phases to drain at most",
    "queued_batch_size": "queued phases a batch",
}


@command(help={**_CHAIN_HELP, "run_id": "the run (required)"}, iterable=("category",))
def chain_with_queued(
    c: Context,
    run_id: str | None = None,
    queued_batch_size: str | None = None,
    max_batches: str | None = None,
    stop_on_first_failure: bool = False,
    batch_size: str | None = None,
    category: list[str] | None = None,
    policy: str | None = None,
    workers: str | None = None,
    engine: str | None = None,
    phase_timeout: str | None = None,
    max_total_minutes: str | None = None,
    max_attempts: str | None = None,
    max_timeouts_per_run: str | None = None,
    max_repeats: str | None = None,
    min_success_rate: str | None = None,
    profile: str | None = None,
    quiet: bool = False,
    finish_current: bool = False,
) -> int:
    """For one run: its queued phases first, then its failed ones, each part a session of its own."""
    settings, others = _split(locals())
    from batchdrain.cli.commands.chain import chain_run

    return chain_run(invocation_of(c), settings, **others)


@command(help=_CHAIN_HELP, iterable=_LISTS)
def drain_all(
    c: Context,
    queued_batch_size: str | None = None,
    max_batches: str | None = None,
    stop_on_first_failure: bool = False,
    batch_size: str | None = None,
    exclude_run: list[str] | None = None,
    category: list[str] | None = None,
    policy: str | None = None,
    workers: str | None = None,
    engine: str | None = None,
    phase_timeout: str | None = None,
    max_total_minutes: str | None = None,
    max_attempts: str | None = None,
    max_timeouts_per_run: str | None = None,
    max_repeats: str | None = None,
    min_success_rate: str | None = None,
    profile: str | None = None,
    quiet: bool = False,
    finish_current: bool = False,
) -> int:
    """For all runs: queued phases run by run, most queued first, then the failed ones."""
    settings, others = _split(locals())
    from batchdrain.cli.commands.chain import chain_all

    return chain_all(invocation_of(c), settings, **others)
