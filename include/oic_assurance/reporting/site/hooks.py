"""Functions that MkDocs calls while it builds the site (hooks).

These functions add generated pages, complete pages and the navigation, and rewrite links. MkDocs
imports this file by its path, and calls the functions whose names begin with `on_`.
"""

import functools
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from oic_assurance.builds.dbt_docs import docs_html
from oic_assurance.reporting.documents import pages as documents
from oic_assurance.reporting.site import pages
from oic_assurance.reporting.site.completion import Completion
from oic_assurance.reporting.site.figures import current_figures
from oic_assurance.settings import load_settings

#: The title of the section with all pages that mkdocs.yml does not name in its navigation.
REST = "More"
HOME = "README.md"
_MORE = f"""
This site also has [the lineage]({pages.LINEAGE}) of every figure, the lineage of every column on
the page of its mart, and [all models and columns]({pages.DBT_DOCS}) with their tests.
"""
#: Matches a Markdown link whose text is just the name of a file or folder.
_NAME = re.compile(r"\[[\w/-]+(?:\.md|/)\]\(([\w./-]+\.md)\)")
#: Matches a Markdown link to a page in the same folder.
_SIBLING = re.compile(r"\]\(([\w.-]+\.md)\)")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")
#: Matches the path of a dbt model, or of a file that is named like the macro in it.
_DBT = re.compile(r"dbt_project/(models|macros)/(?:\w+/)*(\w+)\.sql$")
_log = logging.getLogger("mkdocs.plugins.site")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that git does not have, and complete the navigation."""
    dbt = _dbt(_root(config))
    for place, text in _made(_root(config)).items():
        if files.get_file_from_path(place) is None:
            files.append(File.generated(config, place, content=text))
    lineage = pages.lineage_page(_completion(_root(config)).graph)
    files.append(File.generated(config, pages.LINEAGE, content=lineage))
    files.append(File.generated(config, pages.DBT_DOCS, content=docs_html(dbt)))
    pages_ = (file.src_uri for file in files.documentation_pages())
    known = in_order(pages_, functools.partial(_text, config))
    config.nav = navigation(config.nav, known)
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Complete a page, rewrite its links, and return the page.

    - The READMEs of generated pages get their lists, and the pages of measures and marts what a
      build and a publication show.
    - If the text of a link is a file name, it is replaced with the linked page's title.
    - A link to a dbt model or macro becomes a link to dbt's documentation of it. A link to another
      file outside the site becomes plain text with the file's path.
    - A last paragraph with links to the generated pages is added to the home page.
    """
    completion = _completion(_root(config))
    place = page.file.src_uri
    page.meta.setdefault("search", {"boost": completion.boost(place)})
    docs = Path(config.docs_dir)
    folder = docs / Path(place).parent

    def replaced(link: re.Match[str]) -> str:
        text, target = link.group(1), Path(os.path.normpath(folder / link.group(2)))
        if target.is_relative_to(docs):
            return link.group(0)
        if not target.exists():
            _log.warning("%s: %s does not exist.", place, link.group(2))
        name = target.relative_to(docs.parent).as_posix()
        if described := _DBT.match(name):
            up = os.path.relpath(docs, folder)
            kind = {"models": "model", "macros": "macro"}[described[1]]
            return f"[{text}]({up}/{pages.DBT_DOCS}#!/{kind}/{kind}.oic_assurance.{described[2]})"
        return text if text.strip("`").endswith(name) else f"{text} (`{name}`)"

    def titled(link: re.Match[str]) -> str:
        target = os.path.relpath(folder / link.group(1), docs)
        found = _TITLE.search(_text(config, os.path.normpath(target)))
        return f"[{found.group(1)}]({link.group(1)})" if found else link.group(0)

    more = _MORE if place == HOME else ""
    completed = completion.completed(place, _made(_root(config)).get(place, markdown))
    return _NAME.sub(titled, _LINK.sub(replaced, completed)) + more


def on_post_page(output: str, page: Page, config: Any) -> str:
    """Give the dialog of the search a name, which the theme leaves out, and return the page."""
    return output.replace(
        'data-md-component="search" role="dialog"',
        'data-md-component="search" role="dialog" aria-label="Search"',
    )


def _root(config: Any) -> Path:
    return Path(config.config_file_path).parent


def _dbt(root: Path) -> Path:
    return root / "build" / "dbt"


@cache
def _made(root: Path) -> dict[str, str]:
    return documents.pages(root)


def _text(config: Any, place: str) -> str:
    """Return the Markdown of a page, or an empty text if there is no such page."""
    file = Path(config.docs_dir) / place
    on_disk = file.read_text(encoding="utf-8") if file.is_file() else ""
    return _made(_root(config)).get(place, on_disk)


@cache
def _completion(root: Path) -> Completion:
    return Completion(root, _dbt(root), current_figures(load_settings()))


def in_order(known: Iterable[str], text: Callable[[str], str]) -> list[str]:
    """Return the pages of each folder in the order in which its README links to them.

    Pages to which the README has no link come last, by name. `text` returns the Markdown of a page.
    """

    @cache
    def links(folder: str) -> dict[str, int]:
        found = _SIBLING.findall(text(f"{folder}/{HOME}".lstrip("/")))
        return {name: place for place, name in enumerate(dict.fromkeys(found))}

    def place(page: str) -> tuple[str, bool, int, str]:
        folder, _, name = page.rpartition("/")
        return folder, name != HOME, links(folder).get(name, len(links(folder))), name

    return sorted(known, key=place)


def navigation(given: list[Any], known: list[str]) -> list[Any]:
    """Return the complete navigation of the site.

    `given` is the navigation in mkdocs.yml. `known` holds the paths of all pages of the site. An
    entry of the navigation is one of:

    - the path of a page, or `Title: page.md`;
    - a section: `Title:` with a list of entries;
    - the path of a folder with a slash at the end, which means all pages in the folder, in the
      order in which they are in `known`.

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
            filled += inside
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
