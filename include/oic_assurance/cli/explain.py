"""`assurance explain`: show the records behind a figure, and the raw rows behind a record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

import click

from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import publication_option
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count, moment
from oic_assurance.operations.explain.figure import Explained, Row, check_figure
from oic_assurance.operations.explain.figure import explain as explain_figure
from oic_assurance.operations.explain.history import RecordHistory, find_kind, get_history
from oic_assurance.operations.explain.publication_records import HISTORY_ROLE, find, records_of
from oic_assurance.operations.explain.question import explain_question, find_question
from oic_assurance.platform.progress import working
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.settings import Settings

#: The years of days that stand for no beginning and no end.
_NO_END = (1900, 9999)


@click.command()
@click.argument("measure", required=False)
@click.option(
    "--period",
    type=click.DateTime(["%Y-%m"]),
    metavar="YYYY-MM",
    show_default="the latest",
    help="The month.",
)
@click.option("--unit", metavar="CODE", help="The unit, or the team asked about. Default: ALL.")
@click.option("--class", "only_class", metavar="CLASS", help="List only the records of this class.")
@click.option(
    "--limit", type=click.IntRange(0, 1_000_000), default=10, help="Records of each class."
)
@click.option("--record", nargs=2, metavar="KIND KEY", help="Show a record's history instead.")
@click.option("--question", metavar="RULE", help="Explain a question for the Board instead.")
@publication_option
@shows
def explain(
    settings: Settings,
    measure: str | None,
    period: datetime | None,
    unit: str | None,
    only_class: str | None,
    limit: int,
    record: tuple[str, str] | None,
    question: str | None,
    publication_id: int | None,
) -> Result:
    """Show the records of a published figure or question, or the history of one record.

    A question is named by its rule in `board_question`, and a record by its kind and key, such as
    `referral NR26000699`. Reading the raw rows of a record is logged.

    A figure and a question are shown with the records of each class that they count. The exit code
    is 1 if the classes do not add up to what was published.
    """
    if sum(given is not None for given in (measure, record, question)) != 1:
        raise click.UsageError("give either a MEASURE, a --record or a --question")
    if record:
        find_kind(record[0])
    publication = find(settings, publication_id)
    progress = partial(working, settings, f"Recompute publication {publication.publication_id}")
    open_records = partial(records_of, settings, publication, while_computing=progress)
    if record:
        with open_records(role=HISTORY_ROLE) as records:
            return _history(get_history(records, *record))
    if question:
        with open_records(check=partial(find_question, rule=question, unit=unit)) as records:
            return _question(explain_question(records, question, unit, only_class, limit), limit)
    asked = (measure or "", period and period.date(), unit or "ALL")
    with open_records(check=lambda records: check_figure(records, *asked)) as records:
        return _figure(explain_figure(records, *asked, only_class, limit), limit)


def _figure(found: Explained, limit: int) -> Result:
    figure = found.row
    so_far = "" if figure["is_complete_period"] else ", so far"
    described = columns(
        *("in_words=figure", "description=measures", "point_code=point", "status:state"),
        "position_words=status rests on",
        *("source_status:state=sources", "caveat", "publication_id=publication", "as_at", "-*"),
    )
    title = f"{figure['measure_code']}, {_unit(figure)}, {figure['period_start']:%B %Y}{so_far}"
    facts = Facts("figure", described, figure, title=title)
    freshness = columns("dataset", "verdict:state", "last_landed_at=last landed", ">reason")
    restated = columns(
        *("why=cause", "record_count:number=records", "value_before:measured=before"),
        *("value_after:measured=now", "value_change:change=change", "-cause"),
    )
    tables = [
        Table("freshness", freshness, found.freshness),
        Table(
            "restated",
            restated,
            [{**figure, **one, "why": labels("cause")[one["cause"]]} for one in found.restated],
            "Restated since the compared publication",
        ),
    ]
    return _explained(facts, tables, found, ["numerator:number", "denominator:number"], limit)


def _question(found: Explained, limit: int) -> Result:
    described = columns(
        *("words=question", "point_code=point", "rank", "numerator", "denominator"),
        *("reference_numerator=numerator before", "reference_denominator=denominator before"),
        *("rule_kind=kind of rule", "fewest_records", "threshold", "rank_weight=weight"),
        *("approved_by", "publication_id=publication", "as_at", "-*"),
    )
    title = f"{found.row['rule_code']}, {_unit(found.row)}"
    facts = Facts("question", described, found.row, title=title)
    counts = ["in_numerator:number=numerator", "is_reference=earlier"]
    seed = "The seed policy_board_question says what its rule tests."
    return _explained(facts, [seed], found, counts, limit)


def _unit(shown: Row) -> str:
    name = f" ({shown['org_unit_name']})" if shown["org_unit_name"] else ""
    return f"{shown['org_unit_code']}{name}"


def _explained(
    facts: Facts,
    more: Sequence[Table | str],
    found: Explained,
    counts: Sequence[str],
    limit: int,
) -> Result:
    """Return a figure or a question, its classes, and its records in the order of the classes."""
    wrong, order = found.row["mismatch"], [one["name"] for one in found.classes]
    members = sorted(found.members, key=lambda row: order.index(row["class_name"]))
    described = columns(
        *("class_name=class", f"record_ref={members[0]['record_kind'] if members else ''}"),
        *("team_code=team", "happened_on=day", "related_ref=related to"),
        *("hours_to_submission=hours", "-*"),
    )
    classes = columns("name=class", "records:number", *counts, "meaning", "-*")
    not_equal = (
        f"THE CLASSES DO NOT ADD UP to the published {facts.name}: {wrong}. The rules or the raw "
        "records have changed since. Use neither before you know why."
    )
    parts = [
        facts,
        *more,
        Table("classes", classes, found.classes),
        *([not_equal] if wrong else []),
        Table(
            "members",
            [
                replace(one, is_for_programs=not any(row.get(one.key) for row in members))
                for one in described
            ],
            members,
        ),
    ]
    listed = {row["class_name"] for row in members}
    now = [
        one["records"]
        for one in found.classes
        if one["name"] in listed and not one.get("is_reference")
    ]
    if max(now, default=0) > limit:
        parts.append(f"Each class has at most {count(limit, 'record')} here: see --limit.")
    return Result(parts, exit_code=int(wrong is not None))


def _history(found: RecordHistory) -> Result:
    chapters = [
        Table(
            title.lower().replace(" ", "_"),
            (),
            [{key: _unless_no_end(value) for key, value in row.items()} for row in rows],
            title=title,
        )
        for title, rows in found.chapters.items()
    ]
    record = columns("kind", "key", "publication_id=known to publication", "as_at")
    versions = columns(
        *("dataset", "record", "version_at=valid from", "batch_id=batch", "row_number=row"),
        *(">version", ">sheet=sheet", "-*"),
    )
    sources = columns(
        *("batch_id=batch", "dataset", "kind", "delivered_for", "landed_at=landed"),
        *(">source_place=from", ">who=by", ">run_id=run", ">sha256=SHA-256"),
        *(">kept_as=archived as", ">is_replaced=replaced by an erasure"),
    )
    rows = [{**one, "version": _version(one)} for one in found.versions]
    return Result(
        [
            Facts("record", record, found),
            *(
                [f"Raw has no row of it any more: the record {found.erased}."]
                if found.erased
                else []
            ),
            *chapters,
            Table("versions", versions, rows, title="Raw rows"),
            Table("sources", sources, found.sources, title="Batches of these rows"),
        ]
    )


def _unless_no_end(value: object) -> object:
    return None if isinstance(value, date) and value.year in _NO_END else value


def _version(version: Row) -> str:
    changed = f"changed: {', '.join(version['changed'])}" if version["changed"] else "delivered"
    text = "deleted or vanished" if version["is_tombstone"] else changed
    if not version["is_known"]:
        return f"{text}; landed later, not known to this publication"
    return f"{text}; valid on {moment(version['at'])}" if version["stood"] else text
