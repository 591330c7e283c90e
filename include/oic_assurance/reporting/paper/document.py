"""What a page for readers consists of. One template shows it on screens, another one on paper."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from oic_assurance.formats import NOTHING
from oic_assurance.reporting.paper.page import TEMPLATES, render
from oic_assurance.reporting.paper.shapes import SHAPES

#: One row of a query's result: its values, keyed by column name.
Row = dict[str, Any]
MARKING = "OFFICIAL-SENSITIVE"


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        head: The names of the columns.
        rows: The cells of each row, one for each column.
        empty: The sentence to show if there are no rows.
        widths: How wide the columns are on paper, in proportion. If empty, the text decides.
        is_wide: Whether the table has many narrow columns of numbers.
        note: A sentence below the table.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""
    widths: Sequence[float] = ()
    is_wide: bool = False
    note: str = ""
    kind: str = field(default="table", init=False)

    @classmethod
    def of(
        cls,
        title: str,
        rows: Iterable[Row],
        columns: Mapping[str, str | Callable[[Row], str]],
        **more: Any,
    ) -> "Table":
        """Return a table of the rows of a query.

        `columns` says for each name what its cell shows: the value of a column of the query, or
        what a function makes of the row.
        """
        cells = [
            tuple(_cell(row[one]) if isinstance(one, str) else one(row) for one in columns.values())
            for row in rows
        ]
        return cls(title, tuple(columns), cells, **more)


def _cell(value: Any) -> str:
    """Return a value as text: a number with its thousands, and what is missing as a dash."""
    if value is None or value == "":
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else str(value)


@dataclass(frozen=True)
class Text:
    """A paragraph, which can begin with a word in bold."""

    words: str
    lead: str = ""
    is_quiet: bool = False
    kind: str = field(default="text", init=False)


@dataclass(frozen=True)
class Listing:
    """A list of sentences, each with its first words in bold, which can be empty."""

    title: str
    items: Sequence[tuple[str, str]]
    empty: str = ""
    kind: str = field(default="listing", init=False)


@dataclass(frozen=True)
class Term:
    """A name with what is said about it: first words in bold, the rest, and a shape."""

    name: str
    words: str
    strong: str = ""
    shape: str = ""


@dataclass(frozen=True)
class Terms:
    """Names with what is said about each. Names about which nothing is said are left out."""

    title: str
    terms: Sequence[Term]
    kind: str = field(default="terms", init=False)


@dataclass(frozen=True)
class Picture:
    """A chart, with a description and a table for readers who cannot see the drawing.

    Attributes:
        text: What the chart shows, in words.
        svg: The drawing. It has no accessible name, because the page gives it one.
        head, rows: The column names and the rows of the table with the chart's numbers, as text.
    """

    title: str
    text: str
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Pictures:
    """Charts, of which two stand side by side if there is room."""

    pictures: Sequence[Picture]
    kind: str = field(default="pictures", init=False)


@dataclass(frozen=True)
class Cards:
    """The points on the first page. Each card has the words of a row of `assurance_answer`."""

    title: str
    cards: Sequence[Mapping[str, Any]]
    kind: str = field(default="cards", init=False)


@dataclass(frozen=True)
class Answer:
    """An answer in bold with its shape and the word of the status, and what it means."""

    shape: str
    answer: str
    word: str
    words: str
    kind: str = field(default="answer", init=False)


Block = Table | Text | Listing | Terms | Pictures | Cards | Answer


@dataclass(frozen=True)
class Section:
    """A part of a document. `anchor` is its name in links, and `style` its class on screens."""

    title: str
    anchor: str
    blocks: Sequence[Block]
    style: str = "point"


@dataclass(frozen=True)
class Document:
    """A page for readers: what it answers, and the sections that show why.

    Attributes:
        name: What the document is, for the title of the window.
        heading: The question that the document answers.
        sections: What shows why.
        body: Whom the document is about.
        about: What the question is about. The as-at moment stands behind it, if there is one.
        warning: Why the figures must not be used. Empty if they can be used.
        answer: The answer in a sentence.
        sentences: The sentences below the answer.
        first: The sections of the first page. On paper they are made to fit it.
        foot: The words at the foot of each sheet.
    """

    name: str
    heading: str
    sections: list[Section]
    body: str = ""
    about: str = ""
    as_at: str = ""
    warning: str = ""
    answer: str = ""
    sentences: Sequence[str] = ()
    first: list[Section] = field(default_factory=list)
    foot: str = ""
    marking: str = MARKING
    #: The publication that it shows. The page names it in `data-publication`, for programs.
    publication: int | None = None


def write_page(document: Document, path: Path) -> None:
    """Write a document as one HTML page that needs no other file."""
    path.write_text(render(TEMPLATES / "document.html.j2", document=document), encoding="utf-8")


def write_pdf(document: Document, path: Path) -> None:
    """Write a document as a PDF of A4 sheets, tagged for screen readers (PDF/UA-1).

    Typst refuses to write a file that breaks PDF/UA-1, for example if a chart has no description.
    """
    import typst
    from font_source_sans_pro import font_directory

    path.write_bytes(
        typst.compile(
            TEMPLATES / "document.typ",
            sys_inputs={"content": json.dumps({**asdict(document), "shapes": SHAPES})},
            font_paths=[font_directory],
            ignore_system_fonts=True,
            pdf_standards="ua-1",
        )
    )
