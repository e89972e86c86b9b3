"""What comes from outside: settings, variables of the environment, plugins, secrets."""
