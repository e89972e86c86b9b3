"""The engine of a drain: opened, probed, given orders, and left."""
