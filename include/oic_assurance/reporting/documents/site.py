"""Write the pages from which MkDocs builds the documentation site.

They are the pages of `docs`, those that git does not have, and dbt's own documentation. MkDocs
itself needs no code of ours.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from oic_assurance.builds.dbt_docs import PAGE, docs_html
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents.pages import DOCS, pages
from oic_assurance.settings import load_settings

#: Matches a link that leaves the folder of its page.
_LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")
_MORE = f"\nThis site also has [all dbt models and columns, with their lineage]({PAGE}).\n"


def write_pages(root: Path, folder: Path) -> None:
    """Write the pages of the site into a folder, which is made anew.

    A link to a file outside `docs` becomes the file's path, because the site does not have it.
    `root` is the root folder of the project, in which `make docs` has compiled dbt's documentation.

    Raises:
        AssuranceError: A declaration is not valid, or a link leads to a file that does not exist.
        OSError: A file cannot be read or written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / DOCS, folder)
    for place, text in pages(root).items():
        page = folder / place
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    for file in folder.rglob("*.md"):
        where = file.relative_to(folder).parent

        def replaced(link: re.Match[str], where: Path = where) -> str:
            text, target, _ = link.groups()
            name = os.path.normpath(DOCS / where / target)
            if Path(name).is_relative_to(DOCS):
                return link.group(0)
            if not (root / name).exists():
                raise AssuranceError(f"{DOCS / where}: the link to {target} leads to no file.")
            return text if text.strip("`").endswith(name) else f"{text} (`{name}`)"

        file.write_text(_LINK.sub(replaced, file.read_text(encoding="utf-8")), encoding="utf-8")
    with (folder / "README.md").open("a", encoding="utf-8") as home:
        home.write(_MORE)
    (folder / PAGE).write_text(docs_html(root / "build" / "dbt"), encoding="utf-8")


if __name__ == "__main__":
    write_pages(load_settings().project_root, Path(sys.argv[1]))
