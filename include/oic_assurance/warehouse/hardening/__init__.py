"""Harden the server: revoke rights that PostgreSQL gives to every login but no reader may have.

Each SQL file returns the statements that are still needed. On the embedded server, they are run at
each start. On another server, only an administrator can run them. If statements are still needed
there, the start stops with an error that says how to run them.
"""
