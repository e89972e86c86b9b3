"""The filters of a session: what it was asked to look at."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase, translate
from typing import Any, Final

from batchdrain.failures.categories import CATEGORIES
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.model.errors import UsageError, did_you_mean
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Skip

_CLUSTER: Final = re.compile(r"[0-9a-f]{10}")
ASKED_FOR: Final = frozenset({"--run-id", "--exclude-run", "--category", "--cluster"})
"""The rules that are the user's own filters; people need not be told about them."""
PLAN: Final = "--plan"
NOT_IN_PLAN: Final = Skip(PLAN, "is not in it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which phases a session is about. The filters are stored with the session, so that `resume` never looks at other
    phases."""

    run_id: str | None = None  #: the name of a run, or a glob of run names
    run_id_is_glob: bool = False  #: False, the default for files of earlier versions: exactly this run
    exclude_runs: tuple[str, ...] = ()  #: globs
    categories: tuple[str, ...] = ()
    cluster: str | None = None  #: ids of clusters, separated by commas
    cluster_version: int = VERSION  #: the version of the fingerprint rules that made these ids
    include_quarantined: bool = False  #: take phases in quarantine, too: those that were given back too often

    @classmethod
    def of(
        cls,
        *,
        run_id: str | None = None,
        run_id_is_glob: bool | None = None,
        exclude_runs: Iterable[str] = (),
        categories: Iterable[str] = (),
        cluster: str | None = None,
        include_quarantined: bool = False,
    ) -> Filters:
        """Check and build the filters. Raises UsageError.

        `run_id_is_glob`: None decides by the look of `run_id`. An empty run_id is an error and never means all runs: the user
        may have typed `--run-id "$(…)"`, with a command that printed nothing.
        """
        for flag, value in (("--run-id", run_id), ("--cluster", cluster)):
            if value is not None and not value.strip():
                raise UsageError(f"{flag}: is empty", remedy="name one, or leave the flag out")
        categories = tuple(categories)
        for category in categories:
            if category not in CATEGORIES:
                raise UsageError(f"--category: {category!r} is no category{did_you_mean(category, CATEGORIES)}")
        return cls(
            run_id=run_id,
            run_id_is_glob=has_magic(run_id or "") if run_id_is_glob is None else run_id_is_glob,
            exclude_runs=tuple(exclude_runs),
            categories=categories,
            cluster=None if cluster is None else ",".join(cluster_ids("--cluster", cluster)),
            include_quarantined=include_quarantined,
        )

    def as_fields(self) -> dict[str, Any]:
        """The fields as session files and plans store them."""
        found = asdict(self)
        if self.cluster is None:
            del found["cluster_version"]
        return found

    def cluster_of(self, failure: Failure) -> str:
        """The cluster id of a failure, by the version of the rules that made the ids in `cluster`."""
        is_former = self.cluster_version != VERSION
        return cluster_id_of(former_fingerprint(failure.text) if is_former else failure.fingerprint)

    @property
    def clusters(self) -> frozenset[str]:
        """The ids in `cluster` as a set; empty if all clusters are wanted."""
        return frozenset(self.cluster.split(",")) if self.cluster else frozenset()

    def skips_run(self, run_id: str) -> Skip | None:
        """The skip of a run by `run_id` and `exclude_runs`, case-sensitive; None if the filters take it."""
        if not self.asks_for(run_id):
            return Skip("--run-id", f"not {self.run_id}")
        for pattern in self.exclude_runs:
            if is_meant(run_id, pattern):
                return Skip("--exclude-run", pattern)
        return None

    def asks_for(self, run_id: str) -> bool:
        """Whether `run_id` takes this run; `exclude_runs` is not looked at."""
        if self.run_id is None or run_id == self.run_id:
            return True
        return self.run_id_is_glob and fnmatchcase(run_id, self.run_id)

    def settled(self, run_ids: Iterable[str]) -> Filters:
        """If the glob is itself the name of one of these runs, take it for that run only: naming a run `*` must not select
        every run."""
        return replace(self, run_id_is_glob=False) if self.run_id_is_glob and self.run_id in set(run_ids) else self

    def skips_category(self, category: str) -> Skip | None:
        """The skip of a category; None if the filters take it. Without `categories` they take all."""
        if self.categories and category not in self.categories:
            return Skip("--category", f"is {category}, not {', '.join(self.categories)}")
        return None

    def takes(self, run_id: str, failure: Failure) -> bool:
        """Whether all filters together take a phase of this run with this failure."""
        if self.skips_run(run_id) is not None or self.skips_category(failure.category) is not None:
            return False
        return not self.cluster or self.cluster_of(failure) in self.clusters

    def narrowed(self, other: Filters) -> Filters:
        """Combine both filters. Raises UsageError if `other` asks for something that these filters leave out."""
        for flag, ours, theirs, is_held in (
            ("--run-id", self.run_id, other.run_id, self._holds_runs_of(other)),
            ("--cluster", self.cluster, other.cluster, other.clusters <= self.clusters),
        ):
            if ours is not None and theirs is not None and not is_held:
                raise UsageError(
                    f"{flag} {theirs}: the session is about {ours} only",
                    remedy="resume never widens a session; start a new one with `inv drain`",
                )
        if other.include_quarantined and not self.include_quarantined:
            raise UsageError(
                "--include-quarantined: the session is about the other phases only",
                remedy="resume never widens a session; start a new one with `inv drain`",
            )
        wider = set(other.categories) - set(self.categories) if self.categories else set()
        if wider:
            raise UsageError(
                f"--category {', '.join(sorted(wider))}: the session is about {', '.join(self.categories)} only",
                remedy="resume never widens a session; start a new one with `inv drain`",
            )
        return replace(
            self,
            run_id=self.run_id if other.run_id is None else other.run_id,
            run_id_is_glob=self.run_id_is_glob if other.run_id is None else other.run_id_is_glob,
            cluster=other.cluster or self.cluster,
            cluster_version=self.cluster_version if self.cluster else other.cluster_version,  # ids that are left are ours
            categories=other.categories or self.categories,
            exclude_runs=tuple(dict.fromkeys((*self.exclude_runs, *other.exclude_runs))),
        )

    def _holds_runs_of(self, other: Filters) -> bool:
        """Whether every run that `other.run_id` could match, whichever runs exist, is matched by our `run_id`."""
        if self.run_id is None or other.run_id is None:
            return self.run_id is None
        if not other.run_id_is_glob:
            return self.asks_for(other.run_id)
        if not self.run_id_is_glob or other.run_id == self.run_id:
            return self.run_id_is_glob
        return not set("?[]") & set(self.run_id) and fnmatchcase(other.run_id, self.run_id)


def is_asked_for(skip: Skip) -> bool:
    """Whether the user's own filter causes this skip. Such a phase is counted, but no list names it."""
    return skip.rule in ASKED_FOR or skip == NOT_IN_PLAN


def cluster_ids(flag: str, given: str) -> tuple[str, ...]:
    """Parse one or more cluster ids, separated by commas. Raises UsageError."""
    return tuple(dict.fromkeys(to_cluster_id(flag, part) for part in given.split(",")))


def to_cluster_id(flag: str, given: str) -> str:
    """Parse one cluster id. Raises UsageError if it is none."""
    found = given.strip().lower()
    if not _CLUSTER.fullmatch(found):
        raise UsageError(f"{flag}: {found[:80]!r} is no id of a cluster: 10 hex digits", remedy="`inv clusters` shows them")
    return found


def is_meant(run_id: str, text: str) -> bool:
    """Whether the text is this run id or a glob that matches it, case-sensitive. A run id may itself look like a glob."""
    return run_id == text or fnmatchcase(run_id, text)


def has_magic(text: str) -> bool:
    """Whether the text, as a glob, could match anything other than itself."""
    return glob.escape(text) != text


def to_literal(text: str, run_ids: Iterable[str]) -> str:
    """The text as a glob. If it is the name of one of these runs it is escaped, so that it matches this run only: naming a
    run `*` must not select every run."""
    return glob.escape(text) if text in set(run_ids) else text


def matcher(text: str) -> Callable[[str], bool]:
    """A function that tells whether a run id equals the text or matches it as a glob, case-sensitive like `fnmatchcase`."""
    pattern = re.compile(translate(text))
    return lambda run_id: run_id == text or pattern.match(run_id) is not None
