"""Confining a worker with the means of the kernel, before it imports any plugin.

The worker's own code calls `confine`; the front end asks `trial` what holds on this machine.
Without Linux nothing holds, and the studio says so.
"""
