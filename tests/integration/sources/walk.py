"""Read the files and outputs in the code blocks of docs/how-to/add-a-source.md."""

import functools
import re

from tests.conftest import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "how-to" / "add-a-source.md"
DATASET, TABLE = "safeguarding/nrm_referral", "nrm_referral"
DECLARATION = "safeguarding_nrm_referral.yml"
FILE = "nrm_referral_20260601.csv"
MODEL = "stg_safeguarding__nrm_referral"

_BLOCK = re.compile(r"^```[a-z]+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@functools.cache
def blocks() -> dict[str, str]:
    """Return the page's code blocks, keyed by the name that follows the language of the block."""
    return dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))
