"""Old sessions, logs and attempts go. What is held, running or to be resumed stays."""
