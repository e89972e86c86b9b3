"""The demo: a sample backlog, and a worker that really executes its phases."""
