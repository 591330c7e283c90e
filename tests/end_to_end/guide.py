"""Follow a guide: write the files that it shows into a copy of the project, and nothing else."""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.terminal import PROJECT, Terminal
from tests.machines.machine import check_out

_BLOCK = re.compile(r'^```[a-z]+ title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)


@functools.cache
def blocks(guide: str) -> dict[str, str]:
    """Return a guide's code blocks that have a title, keyed by it."""
    page = PROJECT / "docs" / "how-to" / f"{guide}.md"
    return dict(_BLOCK.findall(page.read_text(encoding="utf-8")))


def follow(guide: str, folder: Path) -> list[str]:
    """Copy the project, and write each block of a guide whose title is a path in the project.

    A block whose file exists is added at its end, or at the end of the section that follows a `#`
    in its title. Returns the paths that were written.
    """
    check_out(folder)
    return write(guide, folder)


def write(guide: str, folder: Path) -> list[str]:
    """Write each block of a guide whose title is a path in the project into a copy of it."""
    written = [name for name in blocks(guide) if "/" in name]
    for name in written:
        path, _, section = name.partition("#")
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        text = place.read_text(encoding="utf-8") if place.exists() else ""
        # A section ends before the next line without an indent.
        begins = text.index(f"\n{section}:\n") + len(section) + 3 if section else len(text)
        ends = re.compile(r"^(?=\S)|\Z", re.MULTILINE).search(text, begins)
        at = ends.start() if ends else len(text)
        place.write_text(text[:at] + blocks(guide)[name] + text[at:], encoding="utf-8")
    return [name.partition("#")[0] for name in written]


def write_folder(guide: str, folder: Path) -> None:
    """Write the folder of a force: a bare one, with each block that belongs into it at its end."""
    Terminal(folder.parent).does("force", "new", str(folder), "--code", "E23000022", "--bare")
    add_to_folder(guide, folder)


def add_to_folder(guide: str, folder: Path) -> None:
    """Add each block of a guide that belongs into the folder of a force at the end of its file."""
    for name, text in blocks(guide).items():
        if "/" in name:
            (folder / name).parent.mkdir(exist_ok=True)
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write(text)


def made_page(terminal: Terminal, place: str) -> str:
    """Return a page that `make docs` makes in the terminal's project, by its path in `docs`."""
    program = (
        "import sys; from pathlib import Path; from oic_assurance.reporting.documents import pages;"
        "print(pages.pages(Path(sys.argv[1]))[sys.argv[2]])"
    )
    done = terminal.python("-c", program, str(terminal.project), place)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_tests(terminal: Terminal, *paths: str) -> str:
    """Run tests of the terminal's project, and return an empty text, or the output if one fails."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
        cwd=terminal.project,
        env=terminal.environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
