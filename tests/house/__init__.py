"""The rules of the house as functions from a checkout to its breaches, and a plant for each: tests/test_house.py runs both.

A rule takes the root of a checkout and returns a line for each breach: `file:line: what is wrong: allowed …, found …`.
"""
