"""The user's own table: read in pages, written row by row, never altered."""
