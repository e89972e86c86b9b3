"""Executes commands: what is asked for (order), how it is made from a claim (command), and where it runs (engines,
guardian_pool)."""
