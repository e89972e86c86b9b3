"""What runs on a worker of an engine: it travels with each order, and needs Python 3.9 and its standard library alone.

A worker has no batchdrain, or another version of it. So nothing here imports anything but the standard library, this room and the
guardian's, and all by relative names: on a worker the package has a name of its own. execution/messages.py is the other end.
"""
