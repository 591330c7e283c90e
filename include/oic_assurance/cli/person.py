"""Who gives a command, and why."""

import os
import pwd
import sys

import click


def login() -> str:
    """Return the login that this process runs under.

    The operating system gives it. `getpass` is not used, because it reads environment variables
    that anybody can set.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def required_reason(given: str | None, question: str) -> str:
    """Return the reason for a decision. If none was given, ask for it at the terminal.

    Without a terminal nobody can be asked. Then return an empty text, for which the decision is
    refused later.
    """
    if given is None and sys.stdin.isatty():
        return str(click.prompt(question))
    return given or ""
