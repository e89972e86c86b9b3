"""What a drain would do, without doing it: for the dry run, explain and the forecast. Reads only."""
