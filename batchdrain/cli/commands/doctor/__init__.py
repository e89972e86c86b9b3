"""Everything that could keep a drain from working, each with its cure."""
