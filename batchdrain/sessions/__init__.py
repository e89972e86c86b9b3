"""The session files beside the ledger: what was asked, how it ended, and how the files stay whole."""
