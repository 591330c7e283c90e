"""Write the Markdown that all generated pages share: titles and rows of tables."""

#: Words in table names that have capital letters in a title, each with its spelling in a title.
_SPELLING = {
    "hr": "HR",
    "hydra": "Hydra",
    "lms": "LMS",
    "nccu": "NCCU",
    "oic": "OIC",
    "rms": "RMS",
}
#: The prefixes of dimension and fact tables, which titles do not show.
_PREFIXES = ("dim_", "fct_")


def title(name: str) -> str:
    """Return the title for a table name: `fct_nccu_referral` becomes `NCCU referral`."""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    words = [_SPELLING.get(word, word) for word in name.split("_")]
    words[0] = words[0][0].upper() + words[0][1:]
    return " ".join(words)


def row(*cells: object) -> str:
    """Return one row of a Markdown table as a line.

    A vertical bar inside a cell is escaped. A line break inside a cell becomes a space.
    """
    texts = [" ".join(str(cell).split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(texts)} |\n"


def with_note(page: str, note: str) -> str:
    """Return a page with `note` as a comment below its first line.

    The comment cannot be the first line, because MkDocs reads the title of a page from its first
    line.
    """
    heading, _, rest = page.partition("\n")
    return f"{heading}\n\n<!-- {note} -->\n{rest}"
