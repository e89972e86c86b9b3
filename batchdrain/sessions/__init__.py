"""The files beside the ledger: what was asked, what came of it, how they stay whole."""
