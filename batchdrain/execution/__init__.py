"""Executing a command: what is asked (order), how it is made of a claim (command), how it runs (process), where (local)."""
