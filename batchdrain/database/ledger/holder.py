"""The holder of a claim, as the ledger's row names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.claim import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One controller in one session."""

    owner: str
    session_uid: str
    process: ProcessIdentity
    spool_dir: str  #: where its guardians leave results; '' for nowhere

    def guard_of(self, claim: Claim) -> dict[str, Any]:
        """The parameters by which a write finds the claim as long as it is ours, and nothing afterwards."""
        return {"the_key": claim.phase.key.digest, "the_epoch": claim.epoch, "the_owner": self.owner}
