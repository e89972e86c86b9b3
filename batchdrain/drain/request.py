"""What a session was asked to do. It is kept in the session's file and in the ledger, and `resume` reads it again.

Neither file nor ledger ever names a command, a path or a module that would be executed: those come only from the project's
configuration.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError

from batchdrain.config.settings import Settings
from batchdrain.drain.table_watch import WHILE_IT_RAN
from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.kept_fingerprint import FIRST
from batchdrain.model.errors import BadData, ConfigError, UsageError
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.sessions.session import Kind, Session

KEPT: Final = (
    "batch_size", "min_success_rate", "workers", "profile", "policy", "categories", "refresh_s", "timeout", "retry", "stop",
    "depends_on", "run_types",
)  # fmt: skip
"""The settings on which selection and limits depend."""
MAX_ATTEMPTS: Final = "--max-attempts"
"""A flag that is kept with the session, because only the end of the session shows whether it had an effect."""
_SOURCES: Final = "timeout_sources"  #: a field of a session's settings
_SOURCE: Final = re.compile(r"[A-Za-z0-9_.' -]{1,100}", re.ASCII)
_BATCHES: Final[TypeAdapter[int]] = TypeAdapter(Annotated[int, Strict(), Field(ge=1)], config=ConfigDict(defer_build=True))
_VERSIONS: Final[TypeAdapter[int]] = TypeAdapter(Annotated[int, Strict(), Field(ge=1)], config=ConfigDict(defer_build=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainRequest:
    """Everything that decides which phases a session takes, and when it ends."""

    kind: Kind
    filters: Filters
    settings: Settings
    plan: tuple[PlannedPhase, ...] | None = None
    max_batches: int | None = None  #: batches of batch_size phases each; only queued phases are drained in batches
    stop_on_first_failure: bool = False
    triage: bool = False  #: whether the phases that come next are diagnosed while others drain
    flags: frozenset[str] = frozenset()  #: the flags given now; if they have no effect, that is told
    group: str | None = None  #: the group; its drains share one batch size and one end
    fail_if_nothing: bool = False  #: for this call: exit with 1 if nothing is selected

    @property
    def state(self) -> PhaseState:
        """The state from which phases are taken."""
        return PhaseState(self.kind.value)

    @property
    def most(self) -> int | None:
        """The most phases that the whole session takes; None: all there are."""
        batch_size = self.settings.batch_size
        if self.kind is Kind.FAILED:
            return batch_size if self.plan is None else min(batch_size, len(self.plan))
        return None if self.max_batches is None else batch_size * self.max_batches

    @property
    def batch(self) -> int | None:
        """The backlog is read again after this many phases; None: never for this reason."""
        return self.settings.batch_size if self.kind is Kind.QUEUED else None

    def as_fields(self) -> dict[str, Any]:
        """The fields of the session file that hold the request."""
        settings = {**self.settings.model_dump(mode="json", include=set(KEPT)), **digests(self.settings)}
        if sources := self.settings.timeout.sources:
            settings[_SOURCES] = sources
        filters: dict[str, Any] = self.filters.as_fields()
        if self.plan is not None:
            filters["plan"] = [phase.model_dump() for phase in self.plan]
        if self.triage:
            filters["triage"] = True
        if self.group is not None:
            filters["group"] = self.group
        if self.kind is Kind.QUEUED:
            filters["max_batches"] = self.max_batches
        if self.kind is Kind.QUEUED or self.stop_on_first_failure:
            filters["stop_on_first_failure"] = self.stop_on_first_failure
        if MAX_ATTEMPTS in self.flags:
            filters["flags"] = [MAX_ATTEMPTS]
        return {
            "kind": self.kind,
            "batch_size": self.settings.batch_size,
            "filters": filters,
            "policy": list(self.settings.policy),
            "settings": settings,
        }


def digests(settings: Settings) -> dict[str, str]:
    """Digests of the settings that a session does not hold; they show whether these are still the same. The text stays in the
    configuration, because a session file must never say what is selected by SQL or executed."""
    command = settings.command.model_dump(mode="json", include={"argv", "cwd", "result_from"})
    # Only settings that name rows, and none that was added later: sessions of earlier versions must still go on.
    source = settings.source.model_dump(mode="json", include={"table", "columns", "states", "where"})
    return {"source_sha256": _digest(source), "command_sha256": _digest(command)}


def require_same_source(session: Session, configured: Settings) -> None:
    """Raises BadData if the session was begun on other rows: another table, column, state word or condition. A session that ended
    because its table changed may go on once the mapping is corrected."""
    if not has_same_source(session, configured) and not (session.stopped_because or "").startswith(WHILE_IT_RAN):
        raise BadData(
            f"session {session.session_id}: was begun with another batchdrain.source (table, columns, states or where)",
            remedy="restore it, or start a new session with `inv drain`",
        )


def has_same_source(session: Session, configured: Settings) -> bool:
    """Whether the rows are mapped as they were when the session began; True if the session does not know."""
    begun = (session.settings or {}).get("source_sha256")
    return begun is None or begun == digests(configured)["source_sha256"]


def has_same_command(session: Session, configured: Settings) -> bool:
    """Whether the command is the one with which the session began; True if the session does not know."""
    begun = (session.settings or {}).get("command_sha256")
    return begun is None or begun == digests(configured)["command_sha256"]


def _digest(found: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def _filters_of(kept: Mapping[str, Any]) -> Filters:
    """Parse the filters that a session keeps. Raises UsageError, ValidationError."""
    found = Filters.of(
        run_id=_text(kept.get("run_id")),
        run_id_is_glob=kept.get("run_id_is_glob") is True,
        exclude_runs=tuple(map(str, kept.get("exclude_runs") or ())),
        categories=tuple(map(str, kept.get("categories") or ())),
        cluster=_text(kept.get("cluster")),
        include_quarantined=kept.get("include_quarantined") is True,
    )
    version = VERSION if found.cluster is None else _VERSIONS.validate_python(kept.get("cluster_version", FIRST))
    return replace(found, cluster_version=version)


def request_of(session: Session, configured: Settings) -> DrainRequest:
    """The request of a session; settings that the session does not hold come from the configuration. Raises BadData,
    ConfigError."""
    place = f"session {session.session_id}"
    kept = {name: value for name, value in (session.settings or {}).items() if name in KEPT}
    if session.batch_size:
        kept["batch_size"] = session.batch_size
    _require_configured(kept.get("policy", ()), configured, place)
    filters = session.filters
    try:
        settings = Settings.model_validate({**configured.model_dump(), **kept})
        timeout = settings.timeout.with_sources(_sources_of(session))
        plan = filters.get("plan")
        return DrainRequest(
            kind=session.kind,
            filters=_filters_of(filters),
            settings=settings.model_copy(update={"timeout": timeout}),
            plan=None if plan is None else tuple(PlannedPhase.model_validate(phase) for phase in plan),
            max_batches=None if filters.get("max_batches") is None else _BATCHES.validate_python(filters["max_batches"]),
            stop_on_first_failure=bool(filters.get("stop_on_first_failure")),
            triage=filters.get("triage") is True,
            group=_text(filters.get("group")),
            flags=frozenset({MAX_ATTEMPTS} if filters.get("flags") == [MAX_ATTEMPTS] else ()),
        )
    except (ValidationError, TypeError, UsageError) as error:
        first = str(error).splitlines()[0]
        raise BadData(f"{place}: its settings can't be read: {first}", remedy="start a new one with `inv drain`") from None


def _sources_of(session: Session) -> dict[str, str]:
    """Who set which of its time limits. The file is not trusted, as this is shown to people."""
    found = (session.settings or {}).get(_SOURCES)
    items = found.items() if isinstance(found, dict) else ()
    return {str(name): text for name, text in items if isinstance(text, str) and _SOURCE.fullmatch(text)}


def _require_configured(policy: object, configured: Settings, place: str) -> None:
    """Raises ConfigError unless the project's configuration also names each dotted path in a session's policy: nothing else is
    imported."""
    entries: Sequence[object] = policy if isinstance(policy, list | tuple) else ()
    for entry in entries:
        name = entry.get("name", "") if isinstance(entry, Mapping) else entry
        if ":" in str(name) and entry not in configured.policy:
            raise ConfigError(
                f"{place}: was begun with policy {name!r}, which is not configured",
                remedy="name it in batchdrain.policy",
            )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
