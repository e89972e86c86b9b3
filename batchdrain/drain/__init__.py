"""What the loop in drain.py stands on: its parts, the slots where commands run, what follows their end."""
