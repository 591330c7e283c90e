"""Run a command of `assurance` in this process, and Python in another one."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner

from oic_assurance.cli.main import cli, module_of
from oic_assurance.settings import Settings


def python(
    *arguments: str, environment: Mapping[str, str] = os.environ, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments, and with `more` variables. Return its exit code and output."""
    return subprocess.run(
        [sys.executable, *arguments], env={**environment, **more}, capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL, timeout=600,
    )  # fmt: skip


def shown(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Return what a command prints with `--json`.

    The settings come from `load_settings` of `cli.shown`, or of the command's own module.
    """
    with (
        patch.object(module_of(arguments[0]), "load_settings", lambda: settings, create=True),
        patch("oic_assurance.cli.shown.load_settings", lambda: settings),
    ):
        done = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
