"""Notifies others of the end of a session or chain, by a command that the user configures."""
