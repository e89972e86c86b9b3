"""What is known of phases, lanes, claims and attempts, and what can go wrong. Frozen; nothing here reads or writes."""
