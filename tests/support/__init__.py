"""What the tests stand on: projects, servers, commands, and which tests are the soak."""
