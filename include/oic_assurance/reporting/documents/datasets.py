"""Generate a documentation page for each dataset, on which its owner can check the declaration.

A page shows the dataset's source, delivery and retention, and the rules for each column.
"""

from collections.abc import Iterable

from oic_assurance.builds.seeds import Row
from oic_assurance.reporting.documents.markdown import row, title
from oic_assurance.reporting.documents.over_time import over_time
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
#: The possible texts in a page's column "a bad value", which says what happens if a value breaks a
#: rule.
REJECTED, BLANK, NO_CHECK = (
    "the row is rejected",
    "left blank and counted",
    "lands unchanged",
)

_INDEX = """\
# Datasets

The {count} datasets that are extracted. Each has one declaration, from which its page is generated
([add-a-source.md](../how-to/add-a-source.md)).

- A row that breaks a rule of its page is *rejected*: it goes into quarantine with every reason,
  its file and its line (`assurance quarantine list`). The other rows land.
- If more rows are rejected than the page allows, the whole delivery is refused. The previous
  delivery still counts.
- A column that no page names is reported and not read.
- Times in files are London's local time. A time that a clock change repeats or skips is marked.

| dataset | what | owner | delivery | processing | kept for |
|---|---|---|---|---|---|
"""


_NATIONAL = """
## The national warehouse

What forces deliver for the [national view](../how-to/national-view.md). A file is refused if its
manifest does not list it, or if one of its rows is rejected.

| dataset | what | owner | delivery | processing | kept for |
|---|---|---|---|---|---|
"""


def page_file(dataset: Dataset) -> str:
    """Return the file name of a dataset's page."""
    return f"{dataset.name.replace('/', '_')}.md"


def index(datasets: Iterable[Dataset], national: Iterable[Dataset] = ()) -> str:
    """Return the text of the page that lists all datasets, and those of the national warehouse."""
    datasets = list(datasets)
    text = _INDEX.format(count=len(datasets)) + "".join(_lines(datasets))
    return text + "".join([_NATIONAL, *_lines(national)] if national else [])


def _lines(datasets: Iterable[Dataset]) -> list[str]:
    return [
        row(
            f"[{one.name}]({page_file(one)})",
            one.description,
            one.owner,
            one.delivery,
            _PROCESSING[one.classification],
            _years(one.retention.years),
        )
        for one in datasets
    ]


def page(dataset: Dataset, stale_after: Iterable[Row]) -> str:
    """Return the text of a dataset's page.

    `stale_after` has the rows of the policy that say after how many days the dataset is stale.
    """
    facts = [
        ("comes from", _place(dataset)),
        ("delivery", _delivery(dataset)),
        ("stale", _stale(dataset, stale_after)),
        ("owner", dataset.owner),
        ("processing", _PROCESSING[dataset.classification]),
        ("kept for", f"{_years(dataset.retention.years)}: {dataset.retention.basis}"),
        ("if kept longer", f"reviewed within {_years(dataset.retention.years_to_next_review)}"),
        ("refused", _tolerance(dataset)),
    ]
    if isinstance(dataset.place, DatabasePlace):
        facts += _of_database(dataset.place)
    head = (
        f"# {_title(dataset)}\n\nThe dataset `{dataset.name}`. {dataset.description}\n\n"
        "| | |\n|---|---|\n"
    )
    return (
        head
        + "".join(row(name, text) for name, text in facts)
        + "".join(_table(dataset, table) for table in dataset.tables)
    )


def _title(dataset: Dataset) -> str:
    system, _, name = dataset.name.partition("/")
    return f"{title(name)} ({title(system)})"


def _table(dataset: Dataset, table: Table) -> str:
    where = f"In the warehouse it is `{dataset.raw_schema}.{table.name}`."
    if table.sheet:
        where += f" In the workbook it is the sheet {table.sheet}."
    key = _listed([f"`{name}`" for name in table.key], "and")
    may_be_empty = " It may start without rows." if table.may_start_empty else ""
    return (
        f"\n## {table.name}\n\n{table.description} {where} The key is {key}.{may_be_empty}\n\n"
        "| column | type | what it holds | rules | a bad value |\n|---|---|---|---|---|\n"
        + "".join(_column(dataset, column) for column in table.columns)
    )


def _column(dataset: Dataset, column: Column) -> str:
    return row(
        f"`{column.name}`",
        _TYPES[column.type],
        column.description,
        "; ".join(_rules(column)),
        _bad_value(dataset, column),
    )


def _rules(column: Column) -> Iterable[str]:
    if column.required:
        yield "required"
    for other, values in column.required_when:
        yield f"required if `{other}` is {_codes(values)}"
    if column.codes:
        yield f"{_codes(column.codes)}"
    if column.digits is not None:
        yield f"{column.digits} digits; leading zeros that a spreadsheet removed are restored"
    if column.pattern is not None:
        yield f"matches `{column.pattern}`"
    yield from _rules_of_texts(column)
    if column.refers_to is not None:
        yield f"a value of `{column.refers_to}`; any other value lands and is counted"
    if column.identifies is not None:
        yield f"{_IDENTIFIES[column.identifies]}; the marts have a pseudonym instead"


def _rules_of_texts(column: Column) -> Iterable[str]:
    if column.reference:
        yield "a reference: rejected if it reads like prose"
    if column.screened:
        yield "it must not name or identify a person"
    if column.presence:
        yield "only whether there is a text; the text itself is never stored"


def _bad_value(dataset: Dataset, column: Column) -> str:
    """Return in words what happens if a value in the column breaks a rule."""
    if column.when_unreadable == "blank":
        return BLANK
    if column.is_replaced:
        stands = column.otherwise or f"the value of `{column.otherwise_from}`"
        return f"{stands} is landed instead, and the replacement is recorded"
    is_parsed = dataset.kind == "file" and (column.type != "text" or column.digits is not None)
    has_rules = column.required or column.required_when or column.codes or column.pattern
    if (is_parsed and not column.presence) or has_rules or column.reference or column.screened:
        return REJECTED
    return NO_CHECK


def _place(dataset: Dataset) -> str:
    place = dataset.place
    if isinstance(place, DatabasePlace):
        return f"the table `{place.schema}.{place.table}` of the database `{place.system}`"
    day = ". YYYYMMDD is the day that the file is for" if "YYYYMMDD" in place.file else ""
    optional = (
        ". It is optional: without the folder, and if nothing was ever delivered, the dataset is"
        " not expected"
        if place.optional
        else ""
    )
    return f"files `{place.file}` in the folder `{place.folder}` of the dropzone{day}{optional}"


def _delivery(dataset: Dataset) -> str:
    if isinstance(dataset.place, DatabasePlace):
        return f"the rows that changed since the last run, by `{dataset.place.cursor}`"
    if dataset.files.manifest is not None:
        return "full: each file has every record of one force, and replaces what was known of it"
    if dataset.delivery == "full":
        return "full: each file has every record, so a record that is not in it has vanished"
    return "changes: each file has the records that changed, and no others"


def _stale(dataset: Dataset, stale_after: Iterable[Row]) -> str:
    what = "extraction" if dataset.kind == "database" else "delivery"

    def say(row: Row) -> str:
        days = row["stale_after_days"]
        return f"if the last {what} is older than {days} day{'s' if days > 1 else ''}"

    return over_time(stale_after, say, otherwise="not set by the policy")


def _tolerance(dataset: Dataset) -> str:
    share, least = dataset.tolerance.share, dataset.tolerance.at_least
    return f"a delivery with more than {share:.0%} of its rows, and at least {least}, rejected"


def _of_database(place: DatabasePlace) -> Iterable[tuple[str, str]]:
    if place.never_extracted:
        names = _listed([f"`{name}`" for name in place.never_extracted], "and")
        yield "never extracted", f"{names}: not to a file, not to a log, not to a report"
    if place.marking:
        yield (
            "extracted",
            f"rows whose `{place.marking.column}` is {_codes(place.marking.admits)}; "
            "of other rows only the key is noted",
        )


def _years(years: int) -> str:
    return f"{years} year{'s' if years > 1 else ''}"


def _codes(codes: Iterable[str]) -> str:
    return _listed([f"`{code}`" for code in codes], "or")


def _listed(items: list[str], last: str) -> str:
    if len(items) == 1:
        return items[0]
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
