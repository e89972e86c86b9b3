"""The summary as one page for a browser."""
