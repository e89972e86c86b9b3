"""Runs the doctor's checks of the database one after the other. Reads only: whatever is written is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from batchdrain.cli.commands.doctor import (
    claim_checks,
    database_checks,
    reach_checks,
    rights_checks,
    rule_checks,
    state_checks,
    word_checks,
)
from batchdrain.cli.commands.doctor.held_values import tell_values
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.open import tell_silence
from batchdrain.cli.invocation import Invocation
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project, database_url
from batchdrain.model.errors import BatchDrainError, DatabaseUnavailable


def examine_database(invocation: Invocation, settings: Settings) -> Iterator[Finding]:
    """Yield the findings about the database; if it can't be reached, only that."""
    try:
        project = Project.open(settings, invocation.environ, invocation.root, tell_silence)
    except DatabaseUnavailable as error:
        yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
        return
    except BatchDrainError as error:
        for line in error.message.splitlines():
            yield Finding("database", ok=False, message=line, cure=error.remedy)
        if "batchdrain.source.states." in error.message:
            yield from tell_values(settings, database_url(settings, invocation.environ, invocation.root))
        return
    try:
        for part in _OF_DATABASE:
            try:
                yield from part(project)
            except DatabaseUnavailable as error:  # each further check would wait just as long
                yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
                return
            except BatchDrainError as error:
                yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
    finally:
        project.close()


_OF_DATABASE: Final[tuple[Callable[[Project], Iterator[Finding]], ...]] = (
    database_checks.check_connection, database_checks.check_storage, database_checks.check_columns, reach_checks.check_hidden_rows,
    state_checks.check_states, word_checks.check_left_out, word_checks.check_written, state_checks.check_condition,
    database_checks.check_ids, database_checks.check_names, database_checks.check_rows, reach_checks.check_takes_writes, rights_checks.check_privileges,
    rights_checks.check_ledger,
    state_checks.check_writes,
    *rule_checks.CHECKS,
    claim_checks.check_source_kind, claim_checks.check_ledger_shape, claim_checks.check_claims, claim_checks.check_strays,
)  # fmt: skip
