"""Policies judged on backlogs whose truth is known: `python -m tests.benchmarks.simulator`. Not collected by pytest."""
