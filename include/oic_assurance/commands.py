"""Commands in messages, as whoever reads a message types them.

Code, the warehouse and Airflow hold a command as `assurance status`, between backticks. Each place
that shows words to a person gives them to `as_typed`, which knows where they are read: in a
checkout, on the host of a deployment with compose, or elsewhere.
"""

import os
import re
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
#: The environment variable with the code of the force that this process has entered.
ENTERED = "ASSURANCE_ENTERED_FORCE"
#: How a person calls the program in a deployment, such as `docker compose run --rm assurance`.
VARIABLE = "ASSURANCE_COMMAND"
#: How a person calls it in a checkout. The pages of the documentation name it so.
CHECKOUT = ".venv/bin/assurance"
_COMPOSE = "docker compose"
#: What a person types with compose instead of a command that is for one machine.
_WITH_COMPOSE = {
    "airflow db migrate": "docker compose run --rm init",
    "assurance run": "docker compose exec api-server airflow dags trigger assurance_daily",
    "assurance up": "docker compose up -d",
    **dict.fromkeys(("make clean setup", "make setup"), "docker compose build"),
    "make superset": "docker compose --profile superset up -d",
}
# Commands about the whole deployment take no force, and help needs none.
_OF_THE_DEPLOYMENT = re.compile(r"assurance (up|down|forces?|help)\b|assurance .* --force ")
_COMMAND = re.compile(r"(?<=`)(?:assurance|airflow|make) [^`]+(?=`)")


def program() -> str:
    """Return how a person calls the program where the words of this process are read."""
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return given
    return CHECKOUT if (PROJECT_ROOT / CHECKOUT).is_file() else "assurance"


def as_typed(text: str, code: str | None = None) -> str:
    """Return a text in which each command between backticks is as a person types it.

    `code` is the force that a command is for. Without it, it is the force that this process has
    entered, if any.
    """
    return _COMMAND.sub(lambda found: command_as_typed(found[0], code), text)


def command_as_typed(command: str, code: str | None = None) -> str:
    """Return a command as a person types it. A program of the machine is typed as it is."""
    code = code or os.environ.get(ENTERED, "")
    called = program()
    if called.startswith(_COMPOSE) and (other := _WITH_COMPOSE.get(command)):
        return f"{other}_{code.lower()}" if code and command == "assurance run" else other
    if not command.startswith("assurance "):
        return command
    if code and not _OF_THE_DEPLOYMENT.match(f"{command} "):
        command += f" --force {code}"
    return f"{called} {command.removeprefix('assurance ')}"
