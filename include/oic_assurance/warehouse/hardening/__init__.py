"""Harden the server: revoke rights that PostgreSQL gives to every login but no reader may have.

The statements also set limits for readers. Each SQL file has a query that returns the statements
that are still needed. On the embedded server, each start runs them. On another server, only an
administrator can run most of them. If statements are still needed there, the start stops with an
error that says how to run them. The start only logs a warning if nothing but limits of logins is
missing, or if ASSURANCE_ACCEPT_UNHARDENED is `yes`.
"""
