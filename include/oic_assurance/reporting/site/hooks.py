"""What happens while mkdocs builds the site: pages are added, links out of it become names."""

import logging
import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from oic_assurance.reporting.site import pages

#: Without a place in the navigation of mkdocs.yml, a page stands under this.
REST = "More"
HOME = "README.md"
_MORE = f"""
In this site besides: [the measures]({pages.MEASURES}), [the lineage]({pages.LINEAGE}) of every
figure, and [all models and columns]({pages.DBT_DOCS}) with their tests.
"""
#: A link that says no more than the name of its file, or of its folder.
_NAME = re.compile(r"\[[\w/-]+(?:\.md|/)\]\(([\w./-]+\.md)\)")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")
_log = logging.getLogger("mkdocs.plugins.site")


def on_files(files: Files, config: Any) -> Files:
    """Add what is not written by hand, and give every page a place in the navigation."""
    root = Path(config.config_file_path).parent
    dbt = root / "build" / "dbt"
    seeds = root / "dbt_project" / "seeds"
    files.append(File.generated(config, pages.MEASURES, content=pages.measures_page(seeds)))
    lineage = pages.lineage_page(dbt / "manifest.json")
    files.append(File.generated(config, pages.LINEAGE, content=lineage))
    described = str(dbt / "static_index.html")
    files.append(File.generated(config, pages.DBT_DOCS, abs_src_path=described))
    known = sorted(file.src_uri for file in files.documentation_pages())
    config.nav = navigation(config.nav, known)
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Give links the titles of their pages; one that leaves the site becomes a file's name."""
    folder = Path(config.docs_dir) / Path(page.file.src_uri).parent
    docs = Path(config.docs_dir)

    def replaced(link: re.Match[str]) -> str:
        text, target = link.group(1), Path(os.path.normpath(folder / link.group(2)))
        if target.is_relative_to(docs):
            return link.group(0)
        if not target.exists():
            _log.warning("%s: there is no %s.", page.file.src_uri, link.group(2))
        name = target.relative_to(docs.parent).as_posix()
        return text if text.strip("`").endswith(name) else f"{text} (`{name}`)"

    def titled(link: re.Match[str]) -> str:
        target = folder / link.group(1)
        found = _TITLE.search(target.read_text(encoding="utf-8")) if target.exists() else None
        return f"[{found.group(1)}]({link.group(1)})" if found else link.group(0)

    more = _MORE if page.file.src_uri == HOME else ""
    return _NAME.sub(titled, _LINK.sub(replaced, markdown)) + more


def navigation(given: list[Any], known: list[str]) -> list[Any]:
    """Return the navigation with folders filled in, and at its end what it does not name.

    `given` is as in mkdocs.yml: pages, and titles with a list of pages; an entry that ends with a
    slash stands for every page of that folder; one that is no page stands for nothing.
    """
    filled = _filled(given, known)
    named = set(_pages(filled))
    rest = [page for page in known if page not in named]
    return [*filled, {REST: rest}] if rest else filled


def _filled(entries: list[Any], known: list[str]) -> list[Any]:
    filled: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            sections = {title: _filled(inner, known) for title, inner in entry.items()}
            filled += [{title: inner} for title, inner in sections.items() if inner]
        elif entry.endswith("/"):
            inside = [page for page in known if page.rpartition("/")[0] == entry.rstrip("/")]
            filled += sorted(inside, key=lambda page: (not page.endswith("README.md"), page))
        elif entry in known:
            filled.append(entry)
    return filled


def _pages(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    inner = entry.values() if isinstance(entry, dict) else entry
    return [page for one in inner for page in _pages(one)]
