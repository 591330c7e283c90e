"""Take from every login what the server gives to everybody and the warehouse must not give.

Each file of SQL lists the statements that are still needed. On the embedded server they are run at
each start. On another server, only an administrator can run them, so the start refuses a server on
which they are missing and says how to run them.
"""
