"""The section for invoke.yaml, guessed from the user's database."""
