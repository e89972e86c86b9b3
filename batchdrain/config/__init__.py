"""Input from outside: settings, environment variables, plugins, secrets."""
