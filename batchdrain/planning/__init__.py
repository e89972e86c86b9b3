"""Which phases, in which order, and why not the others: for the dry run and the drain alike."""
