"""Functions that MkDocs calls while it builds the site (hooks).

These functions add generated pages, complete the navigation, and rewrite links. MkDocs imports this
file by its path, and calls the functions whose names begin with `on_`.
"""

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from oic_assurance.builds.dbt_docs import docs_html
from oic_assurance.reporting.site import pages

#: The title of the section with all pages that mkdocs.yml does not name in its navigation.
REST = "More"
HOME = "README.md"
_MORE = f"""
This site also has [the measures]({pages.MEASURES}), [the lineage]({pages.LINEAGE}) of every
figure, and [all models and columns]({pages.DBT_DOCS}) with their tests.
"""
#: Matches a Markdown link whose text is just the name of a file or folder.
_NAME = re.compile(r"\[[\w/-]+(?:\.md|/)\]\(([\w./-]+\.md)\)")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")
_log = logging.getLogger("mkdocs.plugins.site")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the measures, the lineage and dbt, and complete the navigation."""
    root = Path(config.config_file_path).parent
    dbt = root / "build" / "dbt"
    seeds = root / "dbt_project" / "seeds"
    files.append(File.generated(config, pages.MEASURES, content=pages.measures_page(seeds)))
    lineage = pages.lineage_page(dbt / "manifest.json")
    files.append(File.generated(config, pages.LINEAGE, content=lineage))
    files.append(File.generated(config, pages.DBT_DOCS, content=docs_html(dbt)))
    known = sorted(file.src_uri for file in files.documentation_pages())
    config.nav = navigation(config.nav, known)
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Rewrite the links of a page, and return the page.

    - If the text of a link is a file name, it is replaced with the linked page's title.
    - A link to a file outside the site becomes plain text with the file's path.
    - A last paragraph with links to the generated pages is added to the home page.
    """
    folder = Path(config.docs_dir) / Path(page.file.src_uri).parent
    docs = Path(config.docs_dir)

    def replaced(link: re.Match[str]) -> str:
        text, target = link.group(1), Path(os.path.normpath(folder / link.group(2)))
        if target.is_relative_to(docs):
            return link.group(0)
        if not target.exists():
            _log.warning("%s: %s does not exist.", page.file.src_uri, link.group(2))
        name = target.relative_to(docs.parent).as_posix()
        return text if text.strip("`").endswith(name) else f"{text} (`{name}`)"

    def titled(link: re.Match[str]) -> str:
        target = folder / link.group(1)
        found = _TITLE.search(target.read_text(encoding="utf-8")) if target.exists() else None
        return f"[{found.group(1)}]({link.group(1)})" if found else link.group(0)

    more = _MORE if page.file.src_uri == HOME else ""
    return _NAME.sub(titled, _LINK.sub(replaced, markdown)) + more


def navigation(given: list[Any], known: list[str]) -> list[Any]:
    """Return the complete navigation of the site.

    `given` is the navigation in mkdocs.yml. `known` holds the paths of all pages of the site. An
    entry of the navigation is one of:

    - the path of a page, or `Title: page.md`;
    - a section: `Title:` with a list of entries;
    - the path of a folder with a slash at the end, which means all pages in the folder.

    Entries for pages that are not in `known` are left out. Pages in `known` that no entry names go
    into a section at the end.
    """
    filled = _filled(given, known)
    named = set(_pages(filled))
    rest = [page for page in known if page not in named]
    return [*filled, {REST: rest}] if rest else filled


def _filled(entries: list[Any], known: list[str]) -> list[Any]:
    filled: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            filled += _titled(entry, known)
        elif entry.endswith("/"):
            inside = [page for page in known if page.rpartition("/")[0] == entry.rstrip("/")]
            filled += sorted(inside, key=lambda page: (not page.endswith("README.md"), page))
        elif entry in known:
            filled.append(entry)
    return filled


def _titled(entry: dict[str, Any], known: list[str]) -> Iterator[dict[str, Any]]:
    for title, inner in entry.items():
        if isinstance(inner, str):
            if inner in known:
                yield {title: inner}
        elif pages_inside := _filled(inner, known):
            yield {title: pages_inside}


def _pages(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    inner = entry.values() if isinstance(entry, dict) else entry
    return [page for one in inner for page in _pages(one)]
