"""batchdrain's own tables: claims, attempts, notes, and what was learnt of both."""
