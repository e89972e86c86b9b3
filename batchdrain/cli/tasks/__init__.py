"""The Invoke tasks: names, flags and help. What they do is in batchdrain.cli.commands, imported when one runs."""
