"""Check that many simultaneous readers are not disturbed by publications and roll-backs.

`python -m tests.readers [--readers N] [--publications N] [--rollbacks N] [--quiet SECONDS]
[--hold SECONDS] [--no-odbc] [--home FOLDER] [--json FILE]`

`--home` names a state folder with a publication. Without it, a small force is made, and is deleted
at the end.
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
from tests.readers.report import MOST_RATIO, Report

FROM, TO, AS_AT = "2026-01-01", "2026-04-20", "2026-04-21T05:30"


def main() -> int:
    """Run the trial or, with `--hold`, the trial of one long reader.

    Returns 0 if no reader found a fault or waited too long, otherwise 1.
    """
    arguments = _arguments()
    with _home(arguments.home) as home:
        os.environ["ASSURANCE_HOME"] = str(home)
        if arguments.hold:
            return _hold(arguments)
        return _trial(arguments)


def _trial(arguments: argparse.Namespace) -> int:
    from oic_assurance.settings import load_settings
    from tests.readers.trial import trial

    report = trial(
        load_settings(),
        kinds=list(PLAIN_KINDS if arguments.no_odbc else KINDS),
        readers=arguments.readers,
        publications=arguments.publications,
        rollbacks=arguments.rollbacks,
        quiet=arguments.quiet,
        show_progress=True,
    )
    _write(arguments, report)
    return 1 if report.faults or report.ratio > MOST_RATIO else 0


def _write(arguments: argparse.Namespace, report: Report) -> None:
    sys.stdout.write(report.table() + "\n")
    for fault in report.faults:
        sys.stdout.write(f"NOTICED {fault}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(report.as_json(), indent=1))


def _hold(arguments: argparse.Namespace) -> int:
    from oic_assurance.settings import load_settings
    from tests.readers.hold import hold

    held = hold(load_settings(), arguments.hold, arguments.publications, show_progress=True)
    sys.stdout.write(held.table() + "\n")
    for fault in held.faults:
        sys.stdout.write(f"NOTICED {fault}\n")
    return 1 if held.faults else 0


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    """Yield a state folder that has a publication and whose server runs.

    This is the folder `given` or, without one, a new folder that is deleted at the end.
    """
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
    parser.add_argument(
        "--quiet", type=float, default=1.0, help="seconds of quiet before each publication"
    )
    parser.add_argument(
        "--hold", type=float, help="run the trial of one reader for this many seconds"
    )
    parser.add_argument("--no-odbc", action="store_true", help="leave out ODBC readers")
    parser.add_argument("--home", type=Path, help="state folder with a publication")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
