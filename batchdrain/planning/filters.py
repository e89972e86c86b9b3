"""What a session was asked to look at, and nothing beyond it."""

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
"""The rules that are the user's own filters: nobody needs to be told of them."""
PLAN: Final = "--plan"
NOT_IN_PLAN: Final = Skip(PLAN, "is not in it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The phases that a session is about; kept with it, so that `resume` never looks at others."""

    run_id: str | None = None  #: this run, or all that it is a glob of
    run_id_is_glob: bool = False  #: False, as in the files of earlier versions: exactly that run
    exclude_runs: tuple[str, ...] = ()  #: globs
    categories: tuple[str, ...] = ()
    cluster: str | None = None  #: ids of fingerprints, with commas
    cluster_version: int = VERSION  #: of the rules of fingerprints that these ids are of
    include_quarantined: bool = False  #: also phases that were given back too often

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
        """`run_id_is_glob`: None is as it looks. Raises UsageError. An empty run_id is an error, never 'all runs': `--run-id "$(…)"` with nothing to pick."""
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
        """As a session and a plan keep them."""
        found = asdict(self)
        if self.cluster is None:
            del found["cluster_version"]
        return found

    def cluster_of(self, failure: Failure) -> str:
        """The id of its cluster, by the rules that the ids of `cluster` are of."""
        is_former = self.cluster_version != VERSION
        return cluster_id_of(former_fingerprint(failure.text) if is_former else failure.fingerprint)

    @property
    def clusters(self) -> frozenset[str]:
        """The ids of `cluster`, one by one; empty where every cluster is meant."""
        return frozenset(self.cluster.split(",")) if self.cluster else frozenset()

    def skips_run(self, run_id: str) -> Skip | None:
        """By run_id and exclude_runs, upper and lower case told apart."""
        if not self.asks_for(run_id):
            return Skip("--run-id", f"not {self.run_id}")
        for pattern in self.exclude_runs:
            if is_meant(run_id, pattern):
                return Skip("--exclude-run", pattern)
        return None

    def asks_for(self, run_id: str) -> bool:
        """By run_id alone."""
        if self.run_id is None or run_id == self.run_id:
            return True
        return self.run_id_is_glob and fnmatchcase(run_id, self.run_id)

    def settled(self, run_ids: Iterable[str]) -> Filters:
        """A glob that is the name of one of these runs means that run alone: who names `*` a run must not have every run
        meant by it."""
        return replace(self, run_id_is_glob=False) if self.run_id_is_glob and self.run_id in set(run_ids) else self

    def skips_category(self, category: str) -> Skip | None:
        """By categories; where there are none, no category is skipped."""
        if self.categories and category not in self.categories:
            return Skip("--category", f"is {category}, not {', '.join(self.categories)}")
        return None

    def takes(self, run_id: str, failure: Failure) -> bool:
        """Whether all filters leave in a phase of this run that failed so."""
        if self.skips_run(run_id) is not None or self.skips_category(failure.category) is not None:
            return False
        return not self.cluster or self.cluster_of(failure) in self.clusters

    def narrowed(self, other: Filters) -> Filters:
        """Both together. Raises UsageError where `other` would name something that these filters do not hold."""
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
            cluster_version=self.cluster_version if self.cluster else other.cluster_version,  # ids of ours alone are held
            categories=other.categories or self.categories,
            exclude_runs=tuple(dict.fromkeys((*self.exclude_runs, *other.exclude_runs))),
        )

    def _holds_runs_of(self, other: Filters) -> bool:
        """Whether every run of the other's run_id, whatever runs there may be, is one of ours."""
        if self.run_id is None or other.run_id is None:
            return self.run_id is None
        if not other.run_id_is_glob:
            return self.asks_for(other.run_id)
        if not self.run_id_is_glob or other.run_id == self.run_id:
            return self.run_id_is_glob
        return not set("?[]") & set(self.run_id) and fnmatchcase(other.run_id, self.run_id)


def is_asked_for(skip: Skip) -> bool:
    """Whether the user's own wish skips it: it is counted, and no list names it."""
    return skip.rule in ASKED_FOR or skip == NOT_IN_PLAN


def cluster_ids(flag: str, given: str) -> tuple[str, ...]:
    """The ids of one or more clusters, with commas. Raises UsageError."""
    return tuple(dict.fromkeys(to_cluster_id(flag, part) for part in given.split(",")))


def to_cluster_id(flag: str, given: str) -> str:
    """Raises UsageError for what is no id of one cluster."""
    found = given.strip().lower()
    if not _CLUSTER.fullmatch(found):
        raise UsageError(f"{flag}: {found[:80]!r} is no id of a cluster: 10 hex digits", remedy="`inv clusters` shows them")
    return found


def is_meant(run_id: str, text: str) -> bool:
    """By a glob, which matches with case, or by its own id: one may look like a glob."""
    return run_id == text or fnmatchcase(run_id, text)


def has_magic(text: str) -> bool:
    """Whether it can match anything but itself."""
    return glob.escape(text) != text


def to_literal(text: str, run_ids: Iterable[str]) -> str:
    """The text of a glob; where it is the name of one of these runs, a glob of that run alone: who names `*` a run must not
    have every run meant by it."""
    return glob.escape(text) if text in set(run_ids) else text


def matcher(text: str) -> Callable[[str], bool]:
    """Whether a run id is the glob itself, or matches it with case, as `fnmatchcase` does."""
    pattern = re.compile(translate(text))
    return lambda run_id: run_id == text or pattern.match(run_id) is not None
