"""What people and programs read afterwards: a session as text, JSON or Markdown; why nothing was selected."""
