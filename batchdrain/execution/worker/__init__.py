"""What runs on a worker of an engine. It travels with each order, and needs only Python 3.9 and its standard library.

A worker has no batchdrain, or another version of it. So these modules import only the standard library, each other and those of the
guardian, and always by relative names: on a worker the package has another name. execution/messages.py is the controller's side.
"""
