"""What the tasks do: settings, site, engine call, output. Nothing here sees an Invoke Context."""
