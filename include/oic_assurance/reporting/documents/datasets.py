"""A page a dataset, for whoever answers for it: what it is, whose, and what its rules are."""

from collections.abc import Iterable

from oic_assurance.sources.declarations.model import Column, DatabasePlace, Dataset, Table

_TYPES = {
    "text": "text",
    "bigint": "whole number",
    "integer": "whole number",
    "numeric": "number",
    "boolean": "yes or no",
    "date": "day",
    "timestamptz": "moment",
}
_PROCESSING = {
    "general": "general (UK GDPR)",
    "law_enforcement": "law enforcement (DPA 2018, Part 3)",
}
_IDENTIFIES = {"employee_no": "an employee number", "collar_no": "a collar number"}
SET_ASIDE, BLANK, AS_IT_COMES = (
    "the row is set aside",
    "left blank, and counted",
    "lands as it comes",
)

_INDEX = """\
# Datasets

What is extracted, {count} datasets in all. Each is one declaration, from which its page is written
([add-a-source.md](../how-to/add-a-source.md)).

A row that breaks a rule of its page is *set aside*: kept in quarantine with every reason, its file
and its place (`assurance quarantine list`), while the others land. Where more are broken than the
page allows, the delivery is refused whole and the one before it stands. A column that no page names
is reported and not read. Times in files are London's wall clock; one that a clock change repeats or
skips is marked.

| dataset | what | owner | delivery | processing | kept for |
|---|---|---|---|---|---|
"""


def page_file(dataset: Dataset) -> str:
    """Return the name of a dataset's page."""
    return f"{dataset.name.replace('/', '_')}.md"


def index(datasets: Iterable[Dataset]) -> str:
    """Return the page that lists all datasets."""
    datasets = list(datasets)
    lines = [
        _line(
            f"[{one.name}]({page_file(one)})",
            one.description,
            one.owner,
            one.delivery,
            _PROCESSING[one.classification],
            _years(one),
        )
        for one in datasets
    ]
    return _INDEX.format(count=len(datasets)) + "".join(lines)


def page(dataset: Dataset, stale_after_days: int | None) -> str:
    """Return the page of a dataset; after how many days it is stale is policy, if that says so."""
    facts = [
        ("comes from", _place(dataset)),
        ("delivery", _delivery(dataset)),
        ("stale", _stale(dataset, stale_after_days)),
        ("owner", dataset.owner),
        ("processing", _PROCESSING[dataset.classification]),
        ("kept for", f"{_years(dataset)}: {dataset.retention.basis}"),
        ("refused whole", _tolerance(dataset)),
    ]
    if isinstance(dataset.place, DatabasePlace):
        facts += _of_database(dataset.place)
    head = f"# {dataset.name}\n\n{dataset.description}\n\n| | |\n|---|---|\n"
    return (
        head
        + "".join(_line(name, words) for name, words in facts)
        + "".join(_table(dataset, table) for table in dataset.tables)
    )


def _table(dataset: Dataset, table: Table) -> str:
    where = f"In the warehouse `{dataset.raw_schema}.{table.name}`"
    if table.sheet:
        where += f", in the workbook the sheet {table.sheet}"
    may_be_empty = " It may hold no rows at first." if table.may_start_empty else ""
    return (
        f"\n## {table.name}\n\n{table.description} {where}. A record is told from others by "
        f"{_listed([f'`{name}`' for name in table.key], 'and')}.{may_be_empty}\n\n"
        "| column | type | what it holds | rules | a bad value |\n|---|---|---|---|---|\n"
        + "".join(_column(dataset, column) for column in table.columns)
    )


def _column(dataset: Dataset, column: Column) -> str:
    return _line(
        f"`{column.name}`",
        _TYPES[column.type],
        column.description,
        "; ".join(_rules(column)),
        _what_happens(dataset, column),
    )


def _rules(column: Column) -> Iterable[str]:
    if column.required:
        yield "required"
    for other, values in column.required_when:
        yield f"required where `{other}` is {_codes(values)}"
    if column.codes:
        yield f"{_codes(column.codes)}"
    if column.digits is not None:
        yield f"{column.digits} digits; zeros that a spreadsheet lost are put back"
    if column.pattern is not None:
        yield f"looks like `{column.pattern}`"
    if column.refers_to is not None:
        yield f"one that `{column.refers_to}` lists; if not, it lands and is counted"
    if column.identifies is not None:
        yield f"{_IDENTIFIES[column.identifies]}: a pseudonym stands for it in the marts"


def _what_happens(dataset: Dataset, column: Column) -> str:
    """Say what becomes of a value, or of a row, that breaks the rules of a column."""
    if column.when_unreadable == "blank":
        return BLANK
    reads = dataset.kind == "file" and (column.type != "text" or column.digits is not None)
    if reads or column.required or column.required_when or column.codes or column.pattern:
        return SET_ASIDE
    return AS_IT_COMES


def _place(dataset: Dataset) -> str:
    place = dataset.place
    if isinstance(place, DatabasePlace):
        return f"the table `{place.schema}.{place.table}` of the database `{place.system}`"
    day = ", YYYYMMDD being the day it is for" if "YYYYMMDD" in place.file else ""
    return f"files `{place.file}` in the folder `{place.folder}` of the dropzone{day}"


def _delivery(dataset: Dataset) -> str:
    if isinstance(dataset.place, DatabasePlace):
        return f"what has changed since the last run, by `{dataset.place.cursor}`"
    if dataset.delivery == "full":
        return "full: each file holds everything, so a record that it lacks has gone"
    return "changes: each file holds what has changed, and says nothing of the rest"


def _stale(dataset: Dataset, days: int | None) -> str:
    if days is None:
        return "policy does not say"
    what = "extraction" if dataset.kind == "database" else "delivery"
    return f"when the last {what} is older than {days} day{'s' if days > 1 else ''}"


def _tolerance(dataset: Dataset) -> str:
    share, least = dataset.tolerance.share, dataset.tolerance.at_least
    return (
        f"a delivery of which more than {share:.0%} of the rows, and at least {least}, are broken"
    )


def _of_database(place: DatabasePlace) -> Iterable[tuple[str, str]]:
    if place.never_extracted:
        names = _listed([f"`{name}`" for name in place.never_extracted], "and")
        yield "never extracted", f"{names}: not to a file, not to a log, not to a report"
    if place.marking:
        yield (
            "let in",
            f"rows whose `{place.marking.column}` is {_codes(place.marking.admits)}; "
            "of any other the key alone is noted",
        )


def _years(dataset: Dataset) -> str:
    years = dataset.retention.years
    return f"{years} year{'s' if years > 1 else ''}"


def _codes(codes: Iterable[str]) -> str:
    return _listed([f"`{code}`" for code in codes], "or")


def _listed(items: list[str], last: str) -> str:
    if len(items) == 1:
        return items[0]
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def _line(*cells: str) -> str:
    """Return a row of a table; what would end a cell is written so that it does not."""
    return (
        f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |\n"
    )
