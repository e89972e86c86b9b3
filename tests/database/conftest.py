"""A database with the ledger, on each server."""

from tests.database.bench import bench, database_mode

__all__ = ["bench", "database_mode"]
