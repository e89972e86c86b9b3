"""Chooses and orders phases, and explains why the others are left out, for the dry run and the drain alike."""
