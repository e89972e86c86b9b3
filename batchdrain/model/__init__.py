"""Facts about phases, lanes, claims and attempts, and the errors. All facts are frozen; nothing here reads or writes."""
