"""Executing a command: what is asked (order), how it is made of a claim (command), where it runs (engines, guardian_pool)."""
