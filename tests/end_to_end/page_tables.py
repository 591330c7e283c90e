"""Read the tables and the text of an HTML page as a reader sees them."""

from html.parser import HTMLParser


def tables(page: str) -> dict[str, list[list[str]]]:
    """Return the body rows of every table on a page, as cell texts, keyed by caption."""
    reader = _Reader()
    reader.feed(page)
    return reader.tables


def words(page: str) -> str:
    """Return a page's text in one line, without style sheets."""
    reader = _Reader()
    reader.feed(page)
    return " ".join(" ".join(reader.words).split())


def lines(page: str) -> list[str]:
    """Return a page's text, one line for each paragraph, item or row of a table."""
    reader = _Reader()
    reader.feed(page)
    found = (" ".join(line.split()) for line in " ".join(reader.words).split("\n"))
    return [line for line in found if line]


class _Reader(HTMLParser):
    #: A line ends before and after these elements.
    BLOCKS = frozenset(
        ("p", "li", "tr", "h1", "h2", "h3", "h4", "div", "section", "dt", "dd", "caption", "table")
    )

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.words: list[str] = []
        self._open: list[str] = []
        self._caption = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag in self.BLOCKS:
            self.words.append("\n")
        if tag == "caption":
            self._caption = ""
        if tag == "tr" and "tbody" in self._open:
            self.tables[self._caption].append([])
        if tag in ("td", "th") and "tbody" in self._open:
            self.tables[self._caption][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag in self.BLOCKS:
            self.words.append("\n")
        if tag == "caption":
            self.tables[self._caption] = []

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.words.append(data.replace("\n", " "))
        if "caption" in self._open:
            self._caption += data
        elif {"td", "th"} & set(self._open) and "tbody" in self._open:
            self.tables[self._caption][-1][-1] += data
