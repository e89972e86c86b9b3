"""The reports that people and programs read after a drain: a session as text, JSON, Markdown and so on, and why nothing was
selected."""
