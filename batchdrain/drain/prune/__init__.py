"""Removes old sessions, logs and attempts. What is held, running or resumable stays."""
