"""A folder of sessions, and a session that is being written."""

from tests.sessions.files import folder, record

__all__ = ["folder", "record"]
