"""Read docker-compose.yml as compose reads it, with every setting filled in."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Service = dict[str, Any]


class NotAcceptedError(Exception):
    """Compose refuses the description or the settings. The message is what compose says."""


def describe(settings: Path, *profiles: str, project: Path = ROOT) -> dict[str, Any]:
    """Return what compose would start for some profiles, with the settings of a file like .env.

    `project` is the folder of docker-compose.yml and of forces.env.

    `services` has the services of the profiles, and `secrets` the files of the secrets.

    Raises:
        NotAcceptedError: Compose refuses it.
    """
    command = ["docker-compose", "--project-directory", str(project), "--env-file", str(settings)]
    command += ["--file", str(project / "docker-compose.yml")]
    for profile in profiles:
        command += ["--profile", profile]
    done = subprocess.run(
        [*command, "config", "--format", "json"],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise NotAcceptedError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_settings(path: Path, given: Mapping[str, str]) -> Path:
    """Write a file like .env."""
    path.write_text("".join(f"{name}={value}\n" for name, value in given.items()), "utf-8")
    path.chmod(0o600)
    return path


def in_order(services: Mapping[str, Service]) -> list[str]:
    """Return the names of the services, each after those that it waits for."""
    order: list[str] = []

    def add(name: str) -> None:
        if name not in order:
            for before in services[name].get("depends_on") or {}:
                add(before)
            order.append(name)

    for name in services:
        add(name)
    return order


def seconds(text: str | None, default: float) -> float:
    """Return the seconds of a duration of compose, such as 1m30s."""
    if not text:
        return default
    total, number = 0.0, ""
    for character in text:
        if character in "0123456789.":
            number += character
        else:
            total += float(number) * {"h": 3600, "m": 60, "s": 1}[character]
            number = ""
    return total
