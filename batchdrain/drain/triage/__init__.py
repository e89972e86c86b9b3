"""Diagnoses the phases that come next, while others drain or on its own."""
