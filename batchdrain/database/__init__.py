"""The database: connection, the ledger's tables, the user's table, the claims, the history."""
