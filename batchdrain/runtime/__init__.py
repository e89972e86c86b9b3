"""What the machine gives: the clock, files, signals, threads, resources, and texts as they can be stored and shown."""
