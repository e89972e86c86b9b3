"""What comes next is diagnosed while phases drain, or by itself."""
