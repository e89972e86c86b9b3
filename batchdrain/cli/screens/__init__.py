"""What people see while a drain runs: plain lines, a live display on a terminal, or nothing."""
