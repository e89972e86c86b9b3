"""The process between a controller and a command, which ends the command whatever becomes of the controller.

Runs by itself, in an interpreter without site packages: nothing here imports anything but the standard library and its
own room. execution/guardian_client.py is the other end of the line.
"""
