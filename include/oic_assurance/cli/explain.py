"""`assurance explain`: show the records behind a figure, and the raw rows behind a record."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import click

from oic_assurance.cli.shared import ID, json_option, show
from oic_assurance.operations.explain.figure import check_figure, month
from oic_assurance.operations.explain.figure import explain as explain_figure
from oic_assurance.operations.explain.history import get_history
from oic_assurance.operations.explain.publication_records import (
    HISTORY_ROLE,
    ROLE,
    Records,
    find,
    records_of,
)
from oic_assurance.operations.explain.question import explain_question, find_question
from oic_assurance.operations.explain.record_kinds import find_kind
from oic_assurance.platform.progress import working
from oic_assurance.reporting.screens.explained import (
    figure_screen,
    history_screen,
    question_screen,
)
from oic_assurance.settings import Settings, load_settings


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
@json_option
def explain(
    measure: str | None,
    period: str | None,
    unit: str | None,
    only_class: str | None,
    limit: int,
    record: tuple[str, str] | None,
    question: str | None,
    publication_id: int | None,
    as_json: bool,
) -> int:
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
            history = get_history(settings, records, *record)
        show(history, history_screen, as_json=as_json)
        return 0
    if question is not None:
        check: Callable[[Records], object] = partial(find_question, rule=question, unit=unit)
        with _records(settings, publication_id, ROLE, check) as records:
            explained = explain_question(records, question, unit, only_class, limit)
        show(explained, question_screen, as_json=as_json)
        return 1 if explained.mismatch else 0
    named, unit = measure or "", unit or "ALL"
    check = partial(check_figure, measure=named, period=chosen_month, unit=unit)
    with _records(settings, publication_id, ROLE, check) as records:
        figure = explain_figure(records, named, chosen_month, unit, only_class, limit)
    show(figure, figure_screen, as_json=as_json)
    return 1 if figure.mismatch else 0


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
