"""A deployment with several made-up forces, each of which has the world of another seed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.oracle.compare import Difference
from tests.oracle.runner import CommandError, CommandLine, Rounds
from tests.oracle.world import make_world

#: The forces, and the seeds of their worlds.
SEEDS = {
    "E23000022": 1,
    "E23000021": 2,
    "E23000020": 3,
    "E23000019": 5,
    "E23000018": 6,
    "E23000026": 7,
}


@dataclass
class OneForce:
    """A force whose runs somebody else makes. The oracle uses it like a command line."""

    commands: CommandLine
    code: str

    @property
    def dropzone(self) -> Path:
        return self.commands.state / "forces" / self.code / "dropzone"

    def call(self, *arguments: str) -> str:
        return self.commands.call(*arguments, "--force", self.code)

    def url(self, name: str) -> str:
        return self.call("db", "url", name).strip()

    def land(self, moment: str) -> None:
        raise NotImplementedError("the run of all forces lands what the sources have")

    def run(self, moment: str, down: dict[str, str]) -> None:
        """Do nothing: the run of all forces has made the run of this one."""


@dataclass
class Deployment:
    """A state folder with forces.yml, and the oracle's rounds for each force."""

    home: Path
    codes: tuple[str, ...] = tuple(SEEDS)
    commands: CommandLine = field(init=False)
    forces: dict[str, OneForce] = field(default_factory=dict)
    rounds: dict[str, Rounds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.commands = CommandLine(self.home)
        # Each force's dropzone is in its own state folder.
        del self.commands.env["ASSURANCE_DROPZONE"]
        self.commands.state.mkdir(exist_ok=True)
        declared = [
            {"code": code, "name": f"Force {code}", "accountable_body": f"Commissioner {code}"}
            for code in self.codes
        ]
        text = yaml.safe_dump({"forces": declared})
        (self.commands.state / "forces.yml").write_text(text, encoding="utf-8")
        for code in self.codes:
            force = OneForce(self.commands, code)
            self.forces[code], self.rounds[code] = force, Rounds(force, make_world(SEEDS[code]))

    def prepare(self) -> None:
        """Start each force's server, and make its empty sources."""
        for force in self.forces.values():
            force.dropzone.mkdir(parents=True, exist_ok=True)
            force.call("db", "start")
            force.call("sources", "create")

    def fill_to(self, step: int) -> None:
        """Fill the sources of each force with the steps that they do not have yet."""
        for rounds in self.rounds.values():
            rounds.fill_to(step)

    def run(
        self, codes: Sequence[str], moment: str, more: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Make the run of each force, two at once. Return the errors of those that fail."""

        def one(code: str) -> str:
            try:
                self.commands.call("run", "--force", code, "--as-at", moment, more=more)
            except CommandError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(2) as pool:
            errors = zip(codes, pool.map(one, codes), strict=True)
        return {code: error for code, error in errors if error}

    def differences(self, code: str, moment: str) -> list[str]:
        """Return the differences of a force's marts from the oracle after a run of all forces."""
        found: list[Difference] = self.rounds[code].run(moment)
        return [str(difference) for difference in found if not difference.soft]

    def stop(self) -> None:
        """Stop the servers."""
        self.commands.call("forces", "each", "db", "stop")
