"""What the tasks do: settings, project, engine call, output. Nothing here sees an Invoke Context."""
