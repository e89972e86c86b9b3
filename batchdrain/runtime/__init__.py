"""The machine's side: the clock, files, signals, threads, resources, and texts in a form that can be stored and shown."""
