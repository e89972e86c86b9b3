"""Others are told of the end of a session or chain, by a command of the user's."""
