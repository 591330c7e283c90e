"""A hook of MkDocs: it puts the tables of the tests' catalogues into the pages about them.

MkDocs imports this file by its path, so the root of the project is added to Python's path first.
"""

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.catalogue import report
from tests.files import page as files_page

_PLACE = re.compile(r"<!-- list: (tests\.\w+) -->\n.*?<!-- end -->\n", re.DOTALL)
_TABLES = {"tests.catalogue": report.tables, "tests.files": files_page.table}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page with the tables in their places."""
    return _PLACE.sub(lambda place: _TABLES[place.group(1)](), markdown)
