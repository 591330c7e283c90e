"""Readers who never notice: so many at once while publications and roll-backs happen.

`python -m tests.readers [--readers N] [--publications N] [--rollbacks N] [--quiet SECONDS]
[--hold SECONDS] [--no-odbc] [--home FOLDER] [--json FILE]`

The state folder is one with a publication; without one, a small force is made and thrown away.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.terminal import Terminal
from tests.readers.kinds import KINDS, PLAIN_KINDS
from tests.readers.report import BAR, Report

FROM, TO, AS_AT = "2026-01-01", "2026-04-20", "2026-04-21T05:30"


def main() -> int:
    """Run it; 0 when no reader noticed anything."""
    asked = _arguments()
    with _home(asked.home) as home:
        os.environ["ASSURANCE_HOME"] = str(home)
        if asked.hold:
            return _hold(asked)
        return _storm(asked)


def _storm(asked: argparse.Namespace) -> int:
    from oic_assurance.settings import load_settings
    from tests.readers.trial import trial

    report = trial(
        load_settings(),
        kinds=list(PLAIN_KINDS if asked.no_odbc else KINDS),
        readers=asked.readers,
        publications=asked.publications,
        rollbacks=asked.rollbacks,
        quiet=asked.quiet,
        tell=True,
    )
    _write(asked, report)
    return 1 if report.faults or report.ratio > BAR else 0


def _write(asked: argparse.Namespace, report: Report) -> None:
    sys.stdout.write(report.table() + "\n")
    for fault in report.faults:
        sys.stdout.write(f"NOTICED {fault}\n")
    if asked.json:
        asked.json.write_text(json.dumps(report.as_json(), indent=1))


def _hold(asked: argparse.Namespace) -> int:
    from oic_assurance.settings import load_settings
    from tests.readers.hold import hold

    held = hold(load_settings(), asked.hold, asked.publications, tell=True)
    sys.stdout.write(held.table() + "\n")
    for fault in held.faults:
        sys.stdout.write(f"NOTICED {fault}\n")
    return 1 if held.faults else 0


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    """Give a state folder with a publication, its server running."""
    if given is not None:
        Terminal(given).assurance("db", "start")
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="assurance-readers-") as folder:
        Path(folder).chmod(0o711)
        terminal = Terminal(Path(folder))
        try:
            for command in (
                ("simulate", "--seed", "11", "--from", FROM, "--to", TO),
                ("run", "--as-at", AS_AT),
            ):
                done = terminal.assurance(*command)
                if done.returncode:
                    raise SystemExit(done.stderr or done.stdout)
            yield Path(folder)
        finally:
            terminal.assurance("db", "stop")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.readers", description=__doc__)
    parser.add_argument("--readers", type=int, default=16)
    parser.add_argument("--publications", type=int, default=50)
    parser.add_argument("--rollbacks", type=int, default=5)
    parser.add_argument("--quiet", type=float, default=1.0, help="seconds before each publication")
    parser.add_argument("--hold", type=float, help="instead: one reader stays for so many seconds")
    parser.add_argument("--no-odbc", action="store_true", help="where the driver is not installed")
    parser.add_argument("--home", type=Path, help="a state folder with a publication")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
