"""Commands in messages: if the deployment has several forces, they name the force."""

import os
import re

from oic_assurance.settings import ENTERED

# A command in a text, or at the end of a line with the path of the program. Commands about the
# whole deployment take no force, and help needs none.
_COMMAND = re.compile(
    r"`assurance (?!up\b|down\b|forces\b|help\b)[^`]+(?=`)"
    r"|\S+/assurance (?!up\b|down\b|forces\b|help\b)[^`\n]*[^`\n ](?= *$)",
    re.MULTILINE,
)


def with_force(text: str, code: str | None = None) -> str:
    """Return a text in which each command for one force names the force.

    `code` is the force. Without it, it is the force that this process has entered, if any.
    """
    code = code or os.environ.get(ENTERED, "")
    return _COMMAND.sub(rf"\g<0> --force {code}", text) if code else text
