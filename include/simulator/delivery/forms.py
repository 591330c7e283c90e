"""The forms of exported files. As with real exports, the form differs from day to day."""

from dataclasses import dataclass

from simulator.chance import Chance, Stream

_USUAL = "usual"


@dataclass(frozen=True)
class TextForm:
    """How a CSV file is written. The source contract allows each of these forms.

    `shuffled` changes the order of the columns. `lost_zeros` writes employee numbers without
    leading zeros. `title` adds a line above the header, and `total` adds a line at the end.
    `padded` adds spaces to the first and the last cell of a row.
    """

    name: str = _USUAL
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    header: str = "plain"  # or "spaced", "upper"
    shuffled: bool = False
    dates: str = "%Y-%m-%d"  # or "serial"
    moments: str = "%Y-%m-%d %H:%M"  # or "offset"
    lost_zeros: bool = False
    title: bool = False
    total: bool = False
    padded: bool = False
    extra_column: bool = False


@dataclass(frozen=True)
class BookForm:
    """How a workbook is written."""

    name: str = _USUAL
    header: str = "plain"
    title: bool = False
    total: bool = False
    text_dates: bool = False
    numbers: bool = False  # employee numbers are written as numbers, without leading zeros
    notes: bool = False  # the workbook has an extra sheet
    swapped: bool = False  # the sheets are in another order


TEXT_FORMS: dict[TextForm, float] = {
    TextForm(): 0.6,
    TextForm("byte-order mark", encoding="utf-8-sig", newline="\r\n"): 0.08,
    TextForm(
        "saved by Excel",
        encoding="cp1252",
        newline="\r\n",
        dates="%d/%m/%Y",
        moments="%d/%m/%Y %H:%M",
        lost_zeros=True,
    ): 0.08,
    TextForm("semicolons", encoding="utf-8-sig", delimiter=";", newline="\r\n"): 0.05,
    TextForm("UTF-16", encoding="utf-16", delimiter="\t", newline="\r\n"): 0.04,
    TextForm("title and total", title=True, total=True): 0.04,
    TextForm("spaced headers", header="spaced", moments="%Y-%m-%dT%H:%M:%S"): 0.04,
    TextForm(
        "upper-case headers", header="upper", dates="%d/%m/%Y", moments="%d/%m/%Y %H:%M"
    ): 0.02,
    TextForm("columns in another order", shuffled=True): 0.02,
    TextForm("padded", padded=True): 0.015,
    TextForm("a column more", extra_column=True): 0.015,
}
# Forms that only some exports have.
SERIAL_DATES = TextForm("serial dates", newline="\r\n", dates="serial", lost_zeros=True)
WITH_OFFSETS = TextForm("offsets", moments="offset")

BOOK_FORMS: dict[BookForm, float] = {
    BookForm(): 0.62,
    BookForm("title and total", title=True, total=True): 0.1,
    BookForm("spaced headers", header="spaced"): 0.08,
    BookForm("lost zeros", numbers=True): 0.08,
    BookForm("dates as text", text_dates=True): 0.05,
    BookForm("a sheet more", notes=True): 0.04,
    BookForm("sheets in another order", swapped=True): 0.03,
}


def text_form(chance: Chance, dataset: str, name: str) -> TextForm:
    """Draw the form of one file."""
    rng = chance.stream("form", dataset, name)
    return rng.weighted(_options(rng, dataset))


def _options(rng: Stream, dataset: str) -> dict[TextForm, float]:
    options = dict(TEXT_FORMS)
    if dataset == "hr/personnel":
        options[SERIAL_DATES] = 0.025
    if dataset == "lms/completions":
        options[WITH_OFFSETS] = 0.02
    return options


def book_form(chance: Chance, dataset: str, name: str) -> BookForm:
    """Draw the form of one workbook."""
    return chance.stream("form", dataset, name).weighted(BOOK_FORMS)
