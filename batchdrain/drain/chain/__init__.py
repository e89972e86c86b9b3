"""A chain: one request for the queued phases and then the failed ones, in at most one session each."""
