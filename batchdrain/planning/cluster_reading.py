"""Counts the rows of a backlog by their failure, page by page. Memory grows with the number of clusters, not of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

from batchdrain.config.redaction import Redact, redact_all
from batchdrain.database.phases.pages import Page, to_reason
from batchdrain.failures.categories import are_whole, categorise_all
from batchdrain.failures.excerpt import excerpt_with_end, gist_of
from batchdrain.failures.message_forms import MessageForms
from batchdrain.model.failure import Failure
from batchdrain.planning.acceptances import Acceptances
from batchdrain.planning.known_texts import EQUAL_KINDS, KnownTexts

RUNS: Final = 10_000
"""For each fingerprint at most this many runs are told apart."""
_EXAMPLE: Final = 500


@dataclass(slots=True)
class ClusterCount:
    """The counts of one fingerprint within one category. `here` and `here_in` count only the requested runs."""

    phases: int = 0
    here: int = 0
    accepted: int = 0
    runs: set[int] = field(default_factory=set)
    here_in: set[int] = field(default_factory=set)
    example: tuple[str, str, str] = ("", "", "")


class _Kind(NamedTuple):
    """What is worked out once for each failure text."""

    cluster: ClusterCount
    is_accepted: bool  #: whether its cluster is accepted


class ClusterReading:
    """The counts of one reading."""

    def __init__(
        self,
        categorise: Callable[[str | None], str],
        redact: Redact,
        is_asked: Callable[[str], bool] | None,
        accepted: Acceptances | None,
    ) -> None:
        """`is_asked`: whether the clusters of a run are requested; None: those of all runs are."""
        self._categorise = categorise
        self._redact = redact
        self._is_asked = None if is_asked is None else cache(is_asked)
        self._accepted = accepted
        self._named = set() if accepted is None else {(key.run_id, key.phase_id) for key in accepted.phases}
        self._known = KnownTexts[_Kind]()
        self._forms = MessageForms()
        self._kinds: dict[tuple[str, str], _Kind] = {}  # by fingerprint and category, as if nothing were accepted
        self.counts: dict[str, dict[str, ClusterCount]] = {}  #: by fingerprint and category

    def read(self, pages: Iterable[Page]) -> None:
        """Count the rows of all pages."""
        for page in pages:
            self._take_in(page)

    def _take_in(self, page: Page) -> None:
        if EQUAL_KINDS.issuperset(map(type, page.reasons)):
            kinds = self._known.find(page.reasons, self._kinds_of)
        else:
            kinds = self._kinds_of(page.reasons)
        places: dict[int, list[int]] = defaultdict(list)
        for at, kind in enumerate(kinds):
            places[id(kind.cluster)].append(at)
        for found in places.values():
            self._add(page, kinds[found[0]].cluster, found)
        if self._accepted is not None:
            for kind, ids in zip(kinds, page.ids, strict=True):
                kind.cluster.accepted += self._is_accepted(self._accepted, kind, ids)

    def _add(self, page: Page, count: ClusterCount, places: Sequence[int]) -> None:
        """Add rows of one page that belong to one cluster."""
        here = places if self._is_asked is None else [at for at in places if self._is_asked(page.runs[at])]
        if here:
            rows = zip(map(page.runs.__getitem__, here), map(page.phases.__getitem__, here), here, strict=True)
            run_id, phase_id, at = min(rows)
            if count.here == 0 or (run_id, phase_id) < count.example[:2]:
                count.example = (run_id, phase_id, self._example_of(page.reasons[at]))
        elif count.phases == 0:
            at = places[0]
            count.example = (page.runs[at], page.phases[at], self._example_of(page.reasons[at]))
        count.phases += len(places)
        count.here += len(here)
        _add_runs(count.runs, page.runs, places)
        _add_runs(count.here_in, page.runs, here)

    def _is_accepted(self, accepted: Acceptances, kind: _Kind, ids: tuple[str, str]) -> bool:
        if self._is_asked is not None and not self._is_asked(ids[0]):
            return False
        return kind.is_accepted or ids in self._named or accepted.run(ids[0]) is not None

    def _kinds_of(self, reasons: Sequence[Any]) -> list[_Kind]:
        raw = list(map(to_reason, reasons))
        given = redact_all(self._redact, [text for text in raw if text is not None])
        texts = given if are_whole(given) else list(map(excerpt_with_end, given))
        found = map(self._kind_of, self._forms.fingerprints(texts), categorise_all(self._categorise, texts), texts)
        if len(texts) == len(raw):
            return list(found)
        none = self._kind_of("", self._categorise(None), None)
        return [none if one is None else next(found) for one in raw]

    def _kind_of(self, fingerprint: str, category: str, text: str | None) -> _Kind:
        known = self._kinds.get((fingerprint, category))
        if known is None:
            count = self.counts.setdefault(fingerprint, {})[category] = ClusterCount()
            known = self._kinds[fingerprint, category] = _Kind(count, is_accepted=False)
        if self._accepted is None or not self._accepted.has_clusters:
            return known
        return known._replace(is_accepted=self._accepted.cluster(Failure(text, category)) is not None)

    def _example_of(self, reason: Any) -> str:
        text = to_reason(reason)
        return "" if text is None else gist_of(excerpt_with_end(self._redact(text)))[:_EXAMPLE]


def _add_runs(known: set[int], runs: Sequence[str], places: Sequence[int]) -> None:
    """Add the runs of these rows to `known`, up to RUNS in all."""
    if len(known) < RUNS:
        new = set(map(hash, map(runs.__getitem__, places))) - known
        known.update(islice(new, RUNS - len(known)))
