"""Policies rank lanes. One pure function a file: `(lane, now) -> sort key`, smaller is sooner."""
