"""What batchdrain costs, as ratios of one run: `python -m tests.benchmarks`. Not collected by pytest."""
