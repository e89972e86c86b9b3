"""Engines: attempts execute on this machine, or wherever an engine of your own takes them."""
