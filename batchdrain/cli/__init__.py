"""What people type, and what they see. Nothing below knows of it."""
