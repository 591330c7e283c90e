"""Texts that measure how often the screening for persons errs.

Half of the texts are held out: they were not used to improve the word lists of the screening.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent


def texts(name: str) -> list[str]:
    """Return the texts of `with_person` or `without_person`, in the order of the file."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]
