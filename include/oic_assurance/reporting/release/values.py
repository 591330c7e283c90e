"""Write the values of a release as text, and compute the interval of a share."""

import math
import unicodedata
from datetime import date, datetime
from typing import Any

#: The marker of a value that is there and needs no remark. The other markers, in brackets, are
#: those of the Government Analysis Function's guidance on symbols in tables.
SHOWN = "shown"
#: The 97.5% point of the normal distribution, which makes an interval a 95% interval.
_Z = 1.959964
#: A spreadsheet program runs a text that begins with one of these.
_RUN = ("=", "+", "-", "@", "|")


def as_text(value: Any) -> str:
    """Return a value as text for a CSV file. Days and moments are in ISO 8601, moments in UTC.

    No cell begins with a character that a spreadsheet program takes for a formula: a text gets an
    apostrophe before it, and no column has numbers below 0.

    Raises:
        ValueError: A number is below 0.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"{value} is below 0: a released number begins with no sign")
        return repr(value + 0)
    return safe(value)


def safe(text: str) -> str:
    """Return a text in one line that no spreadsheet program takes for a formula."""
    line = " ".join(text.split())
    # Some programs read the wide form of a character as the character itself.
    return f"'{line}" if unicodedata.normalize("NFKC", line).startswith(_RUN) else line


def interval(numerator: int, denominator: int) -> tuple[float, float]:
    """Return the 95% interval (Wilson's) of a share, as fractions from 0 to 1.

    Both numbers are released, so their interval tells nothing more. `denominator` is above 0.
    """
    share = numerator / denominator
    spread = _Z * _Z / denominator
    half = _Z * math.sqrt((share * (1 - share) + spread / 4) / denominator)
    centre = share + spread / 2
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return max(0.0, low), min(1.0, high)
