"""Run a command of `assurance` in this process, with the settings of a test."""

import json
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner

from oic_assurance.cli.main import COMMANDS, cli
from oic_assurance.settings import Settings


def shown(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Return what a command prints with `--json`.

    Whatever reads the settings for the command reads `settings` here.
    """
    module = COMMANDS[arguments[0]][0].partition(":")[0]
    with (
        patch("oic_assurance.cli.shown.load_settings", lambda: settings),
        patch(f"oic_assurance.cli.{module}.load_settings", lambda: settings, create=True),
    ):
        done = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
