"""Acceptances: known failures that people have told batchdrain, through the ledger, not to drain again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.store import Store
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.failures.former_fingerprints import former_fingerprint, renew_former
from batchdrain.failures.kept_fingerprint import FIRST, KeptFingerprint, example_of
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.filters import matcher
from batchdrain.runtime import clock

ACCEPTED: Final = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is accepted: a phase, a run, or a cluster."""

    run_id: str | None = None  #: together with a phase_id exactly this run; alone it may also be a glob
    phase_id: str | None = None
    cluster: str | None = None  #: the id of the cluster's fingerprint

    @property
    def name(self) -> str:
        """The name of the ledger's note about this subject."""
        return json.dumps([self.run_id, self.phase_id, self.cluster])

    def __str__(self) -> str:
        if self.cluster is not None:
            return f"cluster {self.cluster}"
        return f"run {self.run_id}" if self.phase_id is None else f"phase {self.run_id} / {self.phase_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One accepted failure: what is accepted, by whom, why, and until when."""

    subject: Subject
    reason: str
    by: str = ""
    at: str = ""
    until: datetime | None = None  #: the acceptance ends then; aware, UTC. None: it never ends
    fingerprint: str = ""  #: the fingerprint of the accepted cluster, shown to people
    version: int = VERSION  #: the version of the rules that made the fingerprint and its id
    example: str = ""  #: a failure text of the cluster, without secrets; '' if none was known

    @classmethod
    def of(cls, note: Note) -> Acceptance | None:
        """Parse a note. None if it is no acceptance: whoever may write to the ledger may have written anything."""
        content = note.content
        subject = Subject(**{name: _text(content.get(name)) for name in ("run_id", "phase_id", "cluster")})
        until = content.get("until")
        try:
            moment = None if until is None else datetime.fromisoformat(until).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            return None
        if (subject.run_id is None) is (subject.cluster is None):
            return None
        reason, fingerprint, example = (_text(content.get(name)) or "" for name in ("reason", "fingerprint", "example"))
        version = content.get("version")
        return cls(
            subject=subject,
            reason=reason,
            by=note.by,
            at=note.at,
            until=moment,
            fingerprint=fingerprint,
            version=version if type(version) is int else FIRST,
            example=example,
        )

    @property
    def to_note(self) -> dict[str, Any]:
        """The content of the ledger's note; the ledger adds who wrote it and when."""
        return {
            "run_id": self.subject.run_id,
            "phase_id": self.subject.phase_id,
            "cluster": self.subject.cluster,
            "reason": self.reason,
            "until": None if self.until is None else clock.to_iso(self.until),
            "fingerprint": self.fingerprint,
            "version": self.version,
            "example": self.example,
        }

    def like(self, failure: Failure) -> Acceptance:
        """If `failure` belongs to the accepted cluster, add its text as the example. The example identifies the cluster again
        once the rules of fingerprints have changed."""
        if self.example or self.subject.cluster != cluster_id_of(failure.fingerprint):
            return self
        return replace(self, fingerprint=failure.fingerprint, example=example_of(failure.text))

    def is_void(self, now: datetime) -> bool:
        """Whether the acceptance has ended. One without an end never does."""
        return self.until is not None and now >= self.until

    @property
    def skip(self) -> Skip:
        """The skip of an accepted phase: why, by whom, and until when."""
        until = "" if self.until is None else f", until {clock.to_shown(self.until)}"
        return Skip(ACCEPTED, f"{self.reason} ({self.by}{until})", self.until)


class Acceptances:
    """The acceptances in force. That of a phase goes before that of its run, which goes before that of its cluster."""

    def __init__(self, acceptances: Iterable[Acceptance]) -> None:
        self._phases: dict[PhaseKey, Skip] = {}
        self._globs: list[tuple[Callable[[str], bool], Skip]] = []
        self._runs: dict[str, Skip | None] = {}
        self._clusters: dict[str, Skip] = {}
        self._former: dict[str, Skip] = {}  #: by ids of the first version, without an example to make new ids of
        for one in acceptances:
            subject = one.subject
            if subject.cluster is not None:
                self._add_cluster(subject.cluster, one)
            elif subject.run_id is not None and subject.phase_id is not None:
                self._phases[PhaseKey(subject.run_id, subject.phase_id)] = one.skip
            elif subject.run_id is not None:
                self._globs.append((matcher(subject.run_id), one.skip))

    def _add_cluster(self, cluster: str, one: Acceptance) -> None:
        current = KeptFingerprint(fingerprint=one.fingerprint, version=one.version, example=one.example).current
        if one.version == VERSION:
            self._clusters[cluster] = one.skip
        elif current is not None:
            self._clusters[cluster_id_of(current)] = one.skip
        else:
            self._former[cluster] = one.skip
            if one.fingerprint != (renewed := renew_former(one.fingerprint)):
                self._former.setdefault(cluster_id_of(renewed), one.skip)

    @classmethod
    def of(cls, notes: Iterable[Note], now: datetime) -> Acceptances | None:
        """Collect the acceptances that are in force now. None if there are none, so that rows cost nothing extra then."""
        found = [one for note in notes if (one := Acceptance.of(note)) is not None and not one.is_void(now)]
        return cls(found) if found else None

    @property
    def phases(self) -> Collection[PhaseKey]:
        """The phases that are accepted by name."""
        return self._phases.keys()

    @property
    def has_clusters(self) -> bool:
        """Whether any cluster is accepted."""
        return bool(self._clusters or self._former)

    def skip(self, key: PhaseKey, failure: Failure) -> Skip | None:
        """The acceptance that covers this phase, if there is one. The fingerprint is made only if some cluster is
        accepted."""
        return self._phases.get(key) or self.run(key.run_id) or self.cluster(failure)

    def cluster(self, failure: Failure) -> Skip | None:
        """The acceptance of the failure's cluster, which holds in every run."""
        found = self._clusters.get(cluster_id_of(failure.fingerprint)) if self._clusters else None
        if found is None and self._former:
            found = self._former.get(cluster_id_of(former_fingerprint(failure.text)))
        return found

    def run(self, run_id: str) -> Skip | None:
        """The acceptance of the run: the first glob that matches its name. The answer is remembered for each run."""
        if not self._globs:
            return None
        if run_id not in self._runs:
            self._runs[run_id] = next((skip for matches, skip in self._globs if matches(run_id)), None)
        return self._runs[run_id]


def acceptances(store: Store) -> Acceptances | None:
    """Read the acceptances that are in force now from the ledger; None if there are none. Raises DatabaseUnavailable."""
    return Acceptances.of(Notes(store.database, store.ledger).read(NoteKind.ACCEPTED), clock.now())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
