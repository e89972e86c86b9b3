"""The doctor's checks of failure texts: columns that can only be read, and the text at the path in JSON. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.init.json_path import find_path
from batchdrain.config.reason_setting import ReasonAt
from batchdrain.database.phases.halves import RAISED, is_over
from batchdrain.database.phases.json_text import find_text, is_json
from batchdrain.database.phases.pages import to_reason
from batchdrain.database.phases.reason_column import to_document
from batchdrain.database.phases.table import PhaseTable
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import agree, count_of

_SAMPLED: Final = 100


def check_reasons(project: Project) -> Iterator[Finding]:
    """Check the columns of reasons. Their types have been checked before."""
    table, at = project.store.table, project.store.table.source.columns.reason
    written = [(key, name) for key, name in _written(project) if name in table.writability.computed]
    for key, name in written if not table.writability.problem else ():
        yield Finding(key, ok=True, message=f"column {name!r} is computed: it is read, and not written")
    if at is None:
        return
    texts = _read_texts(project, at)
    if texts is None:
        yield Finding("reasons", ok=True, is_warning=True, message="were not checked: that of one failed phase can't be read")
    else:
        yield from _judge_texts(table, at, texts)


def _judge_texts(table: PhaseTable, at: ReasonAt, texts: Sequence[str]) -> Iterator[Finding]:
    """The findings about the texts of some failed phases; a phase without a text has ''. Pure."""
    if not any(texts):
        return
    of = f"of {count_of(len(texts), 'failed phase')} that {agree(len(texts), 'was', 'were')} checked"
    path = at.shown_path
    documents = [text for text in texts if is_json(text)]
    if not at.path:
        if len(documents) * 2 > sum(map(bool, texts)):
            yield _advise_path(table, at, documents, f"{len(documents)} {of}")
        elif blank := sum(not text.strip() for text in texts):
            have = len(texts) - blank
            yield Finding(
                "reasons", ok=True,
                message=f"{have} {of} {agree(have, 'has', 'have')} a text in column {at.column!r}, {blank} {agree(blank, 'has', 'have')} none",
            )  # fmt: skip
        return
    bare = sum(bool(text) and not is_json(text) and find_text(text, at.path) is not None for text in texts)
    if bare:
        yield Finding(
            "reasons", ok=True, is_warning=True,
            message=f"{bare} {of} {agree(bare, 'has', 'have')} a bare text and no document in column {at.column!r}: the text itself is their reason",
        )  # fmt: skip
    found = sum(find_text(text, at.path) is not None for text in documents)
    if documents and not found:
        yield Finding(
            "reasons", ok=True, is_warning=True, message=f"not one {of} has anything at {path!r} in column {at.column!r}",
            cure="fix batchdrain.source.columns.last_failure_reason.path",
        )  # fmt: skip
    elif documents:
        none = len(texts) - found - bare
        yield Finding(
            "reasons",
            ok=True,
            message=f"{found} {of} {agree(found, 'has', 'have')} a text at {path!r} in column {at.column!r}"
            + (f", {none} {agree(none, 'has', 'have')} none" if none else ""),
        )


def _read_texts(project: Project, at: ReasonAt) -> list[str] | None:
    """The reasons of some failed phases, '' for one without any; if none of the first ones has any, also of some that have. None
    if one of them can't be read. Raises DatabaseUnavailable."""
    table = project.store.table
    shown = to_document(table.table.c[at.column], table.declared[at.column], table.dialect)
    query = table.narrow_to_state(sa.select(shown).limit(_SAMPLED), PhaseState.FAILED)
    with project.store.database.read() as connection:
        try:
            texts = connection.execute(query).scalars().all()
            if len(texts) == _SAMPLED and not any(texts):
                texts = [*texts, *connection.execute(query.where(shown.is_not(None))).scalars()]
        except RAISED as error:
            if not is_over(connection, error):
                raise
            return None
    return [to_reason(value) or "" for value in texts]


def _advise_path(table: PhaseTable, at: ReasonAt, documents: Sequence[str], who: str) -> Finding:
    """The finding that a whole JSON document is taken for the reason, with a path as its cure."""
    path, have = find_path(documents), agree(len(documents), "has", "have")
    return Finding(
        "reasons", ok=True, is_warning=True,
        message=f"{who} {have} JSON in column {at.column!r}: a drain takes the whole document for the reason, and writes "
        f"{_describe_written(table, at)}",
        cure=f"batchdrain.source.columns.last_failure_reason: {{column: {at.column}, path: {path or '…'}}}",
    )  # fmt: skip


def _describe_written(table: PhaseTable, at: ReasonAt) -> str:
    """What a drain does with the reason of a new failure."""
    if table.reason is None:
        return "none"
    return "a plain text over it" if at.written == at.column else f"a plain text into column {at.written!r}"


def _written(project: Project) -> Iterator[tuple[str, str]]:
    mapped = project.store.table.source.columns
    if mapped.reason is not None and mapped.reason.written is not None:
        yield "last_failure_reason", mapped.reason.written
    if mapped.updated_at is not None:
        yield "updated_at", mapped.updated_at
