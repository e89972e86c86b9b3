"""One drain, from the request to its end: choose, claim, execute, judge, finish, record."""
