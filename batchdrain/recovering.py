"""Recovery: what dead controllers held is recorded where its result was spooled, and given back everywhere else.

The order matters. A live guardian is waited for: it is ending its command, or keeping its result. Then whatever is left
of the command on this machine is killed. Then the spool is read. Only then the claim is freed: a second execution never
begins while the first still runs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from batchdrain import clock
from batchdrain.database.claims import Claims
from batchdrain.database.history import Held
from batchdrain.database.recovery import Recovered, give_back
from batchdrain.draining.judging import judge
from batchdrain.errors import ClaimLost
from batchdrain.events import Event, EventLog
from batchdrain.execution import host, spooled
from batchdrain.execution.order import TOKEN
from batchdrain.facts import Claim, Phase, TimeLimit
from batchdrain.failures.excerpt import excerpt
from batchdrain.planning.selection import categoriser
from batchdrain.site import Site
from batchdrain.states import PhaseState
from batchdrain.text import times

_KILL_WITHIN_S: Final = 10.0
_SLACK_S: Final = 6.0


def recover(site: Site) -> list[Recovered]:
    """Settle every claim whose controller and guardian are dead, or whose lease is over by the database's clock. May be
    repeated, and run by several at once. Raises DatabaseUnavailable."""
    found = []
    for held in site.history.held():
        gone = is_alive(held) is False
        if not gone and (held.lease_left_ms >= 0 or _beats(site, held)):
            continue
        ended = _end(held, site.settings.command.grace_s)
        recovered = _recorded(site, held) or give_back(
            site.database, site.ledger, site.table, site.settings.command, held, gone=gone
        )
        if recovered is not None:
            spooled.discard(held.spool_dir, held.token)
            found.append(replace(recovered, ended_processes=ended))
    return found


def is_alive(held: Held) -> bool | None:
    """Whether the controller of a claim runs; None where it is of another machine."""
    return host.lives(held.controller)


def said_of(held: Held) -> str:
    """A claim in one line, for people."""
    alive = {True: "runs", False: "is dead: `inv recover` gives it back", None: "is of another machine"}[is_alive(held)]
    left_s = held.lease_left_ms / 1000
    lease = f"its lease lasts {left_s:.0f} s" if left_s >= 0 else f"its lease ended {-left_s:.0f} s ago"
    return f"{held.key}: attempt {held.attempt}, process {held.controller.pid} {alive}; {lease}"


def told(back: Recovered) -> str:
    """What became of a phase that a dead controller held, for people."""
    ended = f"; {back.ended_processes} processes of it were ended" if back.ended_processes else ""
    if back.recorded is not None:
        return f"Recorded: {back.key}: its command had ended ({back.recorded.value}); it is {back.word}{ended}"
    often = times(back.orphanings) + (" in a row" if back.orphanings > 1 else "")
    return f"Given back: {back.key}: it is {back.word}, orphaned {often}{ended}"


def told_as_event(events: EventLog, back: Recovered) -> None:
    """claim.recovered."""
    ids = {"run_id": back.key.run_id, "phase_id": back.key.phase_id, "epoch": back.epoch}
    recorded = None if back.recorded is None else back.recorded.value
    events.write(Event.CLAIM_RECOVERED, **ids, state=back.word, recorded=recorded, orphanings=back.orphanings)


def _beats(site: Site, held: Held) -> bool:
    """Whether a claim of this machine whose lease is over is renewed all the same: the database's clock jumped. Its
    guardian measures the lease by the time since boot, and would have ended: one that lives is given the time of a beat."""
    if held.guardian is None or is_alive(held) is None:
        return False
    host.await_end(held.guardian, max(site.settings.command.grace_s, site.settings.lease.beat_s) + _SLACK_S)
    return any((now.key, now.epoch, now.lease_left_ms >= 0) == (held.key, held.epoch, True) for now in site.history.held())


def _end(held: Held, grace_s: float) -> int:
    """See that nobody of this claim lives on this machine. Returns how many processes of the command had to be killed."""
    if held.controller.host_id != host.host_id():
        return 0
    if held.guardian is not None and not host.await_end(held.guardian, grace_s + _SLACK_S):
        host.kill(held.guardian)
    return host.end_bearing(TOKEN, held.token, within_s=_KILL_WITHIN_S)


def _recorded(site: Site, held: Held) -> Recovered | None:
    """Finish with the result that the guardian kept; None where it kept none."""
    record = spooled.read(held.spool_dir, held.token)
    if record is None:
        return None
    try:
        out, err, result = (str(record[name]) for name in ("stdout_path", "stderr_path", "result_path"))
        ending = spooled.ending_of(record, result_path=result, stdout_path=out, stderr_path=err)
        limit = TimeLimit(seconds=float(record["limit_s"]), rule=str(record["limit_rule"]))
        ended_at = clock.from_ms(int(record["ended_ms"]))
    except (KeyError, ValueError, TypeError, OverflowError):  # not written by a guardian of ours
        return None
    claim = _claim(site, held)
    attempt = judge(
        claim,
        ending,
        limit=limit,
        command=site.settings.command,
        complete_word=site.settings.source.states.complete,
        standing=site.standing(claim.phase) if site.settings.command.result_from == "database" else None,
        categorise=categoriser(site.settings),
        paths=(site.folder.kept(Path(out)), site.folder.kept(Path(err))),
        ended_at=ended_at,
        redact=site.redact,
    )
    claims = Claims(site.database, site.ledger, site.table, site.settings.command, held.session_uid, owner=held.owner)
    try:
        done = claims.finish(claim, attempt)
    except ClaimLost:  # somebody else was faster
        return None
    return Recovered(key=held.key, epoch=held.epoch, word=done.final_word, recorded=done.outcome)


def _claim(site: Site, held: Held) -> Claim:
    reason = None if held.prior_reason is None else excerpt(held.prior_reason)
    words = {word: state for state, word in site.table.words.items()}
    phase = Phase(
        run_id=held.key.run_id,
        phase_id=held.key.phase_id,
        phase_index=held.phase_index,
        state=words.get(held.prior_word, PhaseState.FAILED),
        reason=reason,
        category=categoriser(site.settings)(reason),
        attempts=held.attempt - 1,
    )
    return Claim(
        phase=phase,
        epoch=held.epoch,
        attempt=held.attempt,
        prior_word=held.prior_word,
        prior_reason=held.prior_reason,
        claimed_at=clock.from_ms(held.started_ms),
        token=held.token,
    )
