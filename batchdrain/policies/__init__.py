"""Policies rank lanes. Each file holds one pure function, `(lane, now) -> sort key`; a smaller key comes sooner."""
