"""`assurance explain`: show the records behind a figure, and the raw rows behind a record."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial

import click

from oic_assurance.cli.result import Column, Facts, Result, Table, columns
from oic_assurance.cli.shared import ID
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count, moment
from oic_assurance.operations.explain.figure import Figure, Row, check_figure, month
from oic_assurance.operations.explain.figure import explain as explain_figure
from oic_assurance.operations.explain.history import RecordHistory, get_history
from oic_assurance.operations.explain.provenance import Version
from oic_assurance.operations.explain.publication_records import (
    HISTORY_ROLE,
    ROLE,
    Records,
    find,
    records_of,
)
from oic_assurance.operations.explain.question import (
    Question,
    explain_question,
    find_question,
)
from oic_assurance.operations.explain.record_kinds import find_kind
from oic_assurance.platform.progress import working
from oic_assurance.reporting.pack.words import CAUSES
from oic_assurance.settings import Settings, load_settings

#: The years of days that stand for no beginning and no end.
_NO_END = (1900, 9999)
#: What the other reference of a record names, for kinds of records.
_RELATED = {
    "referral": "deciding document",
    "custody": "occurrence",
    "strand": "plan that meets it",
    "action": "question",
}
_DO_NOT_ADD_UP = (
    "DO NOT ADD UP to the published {what}: {mismatch}. The rules or the raw records have changed "
    "since. Use neither before you know why."
)


@click.command()
@click.argument("measure", required=False)
@click.option("--period", metavar="YYYY-MM", show_default="the latest", help="The month.")
@click.option(
    "--unit",
    metavar="CODE",
    show_default="ALL",
    help="The organisational unit, or the team asked about.",
)
@click.option(
    "--class",
    "only_class",
    metavar="CLASS",
    show_default="every class",
    help="List the records of this class only.",
)
@click.option(
    "--limit",
    type=click.IntRange(0, 1_000_000),
    metavar="NUMBER",
    default=10,
    help="How many records of each class to list.",
)
@click.option(
    "--record",
    nargs=2,
    metavar="KIND KEY",
    help="Show the history of one record instead, such as `referral NR26000699`. Reading its raw "
    "rows is logged.",
)
@click.option(
    "--question",
    metavar="RULE",
    help="Explain a question for the Board instead, by its rule in `board_question`.",
)
@click.option(
    "--publication",
    "publication_id",
    type=ID,
    metavar="ID",
    show_default="the current one",
    help="The publication.",
)
@shows
def explain(
    measure: str | None,
    period: str | None,
    unit: str | None,
    only_class: str | None,
    limit: int,
    record: tuple[str, str] | None,
    question: str | None,
    publication_id: int | None,
) -> Result:
    """Show the records of a published figure or question, or the history of one record.

    A figure and a question are shown with the records of each class that they count. The exit code
    is 1 if the classes do not add up to what was published.
    """
    if sum(given is not None for given in (measure, record, question)) != 1:
        raise click.UsageError("give either a MEASURE, a --record or a --question")
    chosen_month = month(period) if period else None
    settings = load_settings()
    if record is not None:
        find_kind(record[0])
        with _records(settings, publication_id, HISTORY_ROLE) as records:
            return _history(get_history(settings, records, *record))
    if question is not None:
        check: Callable[[Records], object] = partial(find_question, rule=question, unit=unit)
        with _records(settings, publication_id, ROLE, check) as records:
            return _question(explain_question(records, question, unit, only_class, limit), limit)
    named, unit = measure or "", unit or "ALL"
    check = partial(check_figure, measure=named, period=chosen_month, unit=unit)
    with _records(settings, publication_id, ROLE, check) as records:
        figure = explain_figure(records, named, chosen_month, unit, only_class, limit)
        return _figure(figure, limit)


@contextmanager
def _records(
    settings: Settings,
    publication_id: int | None,
    role: str,
    check: Callable[[Records], object] = lambda _: None,
) -> Iterator[Records]:
    publication = find(settings, publication_id)
    progress = partial(working, settings, f"Recompute publication {publication.publication_id}")
    with records_of(settings, publication, role, progress, check) as records:
        yield records


def _figure(figure: Figure, limit: int) -> Result:
    rule = figure.rule
    when = f"{figure.period_start:%B %Y}{'' if figure.is_complete_period else ', so far'}"
    wrong = _DO_NOT_ADD_UP.format(what="figure", mismatch=figure.mismatch)
    return Result(
        [
            Facts(
                "figure",
                columns(
                    *("in_words=figure", "description=measures", "point_code=point"),
                    *("status:state", "source_status:state=sources", "caveat"),
                    *("publication_id=publication", "as_at:moment", "-measure_code"),
                    *("-unit_of_value", "-org_unit_code", "-org_unit_name", "-period_start"),
                    *("-is_complete_period", "-numerator", "-denominator", "-value", "-ci_low"),
                    *("-ci_high", "-mismatch"),
                ),
                {
                    **vars(figure),
                    **rule,
                    "in_words": figure.in_words,
                    "mismatch": figure.mismatch,
                },
                title=f"{rule['measure_code']}, {_unit(figure)}, {when}",
            ),
            Table(
                "freshness",
                columns("dataset", "verdict:state", "last_landed_at:moment=last landed", ">reason"),
                figure.freshness,
            ),
            Table(
                "restated",
                columns(
                    *("why=cause", "record_count:number=records", "value_before:measured=before"),
                    *("value_after:measured=now", "value_change:change=change", "-cause"),
                ),
                [{**one, **rule, "why": CAUSES[one["cause"]]} for one in figure.restated],
                title="Restated since the compared publication",
            ),
            Table(
                "classes",
                columns(
                    *("name=class", "records:number", "numerator:number", "denominator:number"),
                    *("meaning", "-record_kind"),
                ),
                figure.classes,
            ),
            *([f"THE CLASSES {wrong}"] if figure.mismatch else []),
            *_members(figure.members, figure.classes, limit),
        ],
        exit_code=int(figure.mismatch is not None),
    )


def _question(question: Question, limit: int) -> Result:
    now = [item for item in question.classes if not item["is_reference"]]
    wrong = _DO_NOT_ADD_UP.format(what="question", mismatch=question.mismatch)
    return Result(
        [
            Facts(
                "question",
                columns(
                    *("words=question", "point_code=point", "rank", "numerator:number"),
                    *("denominator:number", "reference_numerator:number=numerator before"),
                    *("reference_denominator:number=denominator before", "rule_kind=kind of rule"),
                    *("fewest_records:number=fewest records", "threshold:number"),
                    *("rank_weight:number=weight", "approved_by", "publication_id=publication"),
                    *("as_at:moment", "-rule_code", "-org_unit_code", "-org_unit_name"),
                    *("-record_class", "-since", "-mismatch"),
                ),
                {**vars(question), **question.rule, "mismatch": question.mismatch},
                title=f"{question.rule_code}, {_unit(question)}",
            ),
            "The seed policy_board_question says what its rule tests.",
            Table(
                "classes",
                columns(
                    *("name=class", "is_reference:yes=earlier", "records:number"),
                    *("in_numerator:number=numerator", "meaning"),
                ),
                question.classes,
            ),
            *([f"THE RECORDS {wrong}"] if question.mismatch else []),
            *_members(question.members, now, limit),
        ],
        exit_code=int(question.mismatch is not None),
    )


def _unit(shown: Figure | Question) -> str:
    name = f" ({shown.org_unit_name})" if shown.org_unit_name else ""
    return f"{shown.org_unit_code}{name}"


def _members(members: list[Row], classes: list[Row], limit: int) -> Iterator[Table | str]:
    """Yield the records in the order of their classes, and say if there are more of them."""
    kind = members[0]["record_kind"] if members else ""
    described = columns(
        *("class_name=class", f"record_ref={kind}", "team_code=team", "happened_on:day=day"),
        *(f"related_ref={_RELATED.get(kind, 'belongs to')}", "hours_to_submission=hours"),
        *("-record_kind", "-officer_key"),
    )
    filled = {one.key for one in described if any(row[one.key] for row in members)}
    yield Table(
        "members",
        [one if one.key in filled else replace(one, is_for_programs=True) for one in described],
        [row for item in classes for row in members if row["class_name"] == item["name"]],
    )
    listed = {row["class_name"] for row in members}
    if any(item["records"] > limit for item in classes if item["name"] in listed):
        yield f"Each class has at most {count(limit, 'record')} here: see --limit."


def _history(history: RecordHistory) -> Result:
    chapters = [
        Table(
            chapter.title.lower().replace(" ", "_"),
            [Column(key) for key in chapter.rows[0]],
            [
                {
                    key: None if isinstance(value, date) and value.year in _NO_END else value
                    for key, value in row.items()
                }
                for row in chapter.rows
            ],
            title=chapter.title,
        )
        for chapter in history.chapters
    ]
    return Result(
        [
            Facts(
                "record",
                columns("kind", "key", "publication_id=known to publication", "as_at:moment"),
                history,
            ),
            *chapters,
            Table(
                "versions",
                columns(
                    *("dataset", "record", "version_at:moment=valid from", "batch_id=batch"),
                    *("row_number=row", ">version", ">sheet=sheet", "-table", "-row_key"),
                    *("-landed_at", "-is_tombstone", "-changed", "-is_known", "-stood", "-at"),
                ),
                [
                    {
                        **vars(one),
                        "record": one.row_key or f"#{one.record_number}",
                        "version": _version(one),
                    }
                    for one in history.versions
                ],
                title="Raw rows",
            ),
            Table(
                "sources",
                columns(
                    *("batch_id=batch", "dataset", "kind", "delivered_for:moment"),
                    *("landed_at:moment=landed", ">source_place=from", ">who=by", ">run_id=run"),
                    *(">sha256=SHA-256", ">kept_as=archived as"),
                ),
                history.sources,
                title="Batches of these rows",
            ),
        ]
    )


def _version(version: Version) -> str:
    if version.is_tombstone:
        text = "deleted or vanished"
    elif version.changed:
        text = f"changed: {', '.join(version.changed)}"
    else:
        text = "delivered"
    if not version.is_known:
        return f"{text}; landed later, not known to this publication"
    return f"{text}; valid on {moment(version.at)}" if version.stood else text
