"""Write the values of a release as text, say why a value is missing, and compute its interval.

The markers in brackets come from the Government Analysis Function's guidance on symbols in tables.
"""

import math
from datetime import date, datetime
from typing import Any

#: What the markers mean, for readers.
MEANINGS = {
    "[c]": "Confidential: withheld, so that nobody can be identified.",
    "[r]": "Revised: differs from an earlier release. The table of revisions says why.",
    "[x]": "Not available: cannot be given yet.",
    "[z]": "Not applicable: there is no value of this kind.",
}
#: The marker of a value that is there and needs no remark.
SHOWN = "shown"
#: The 97.5% point of the normal distribution, which makes an interval a 95% interval.
_Z = 1.959964


def as_text(value: Any) -> str:
    """Return a value as text for a CSV file. Days and moments are in ISO 8601, moments in UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


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
