"""The guardian: a process between a controller and a command, which ends the command whatever becomes of the controller.

It runs in an interpreter without site packages, so these modules import only the standard library and each other.
execution/guardian_client.py is the controller's side.
"""
