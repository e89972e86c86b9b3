"""The Invoke tasks: names, flags and help. What they do is in batchdrain.actions, imported when one runs."""
