"""`assurance explain`: from a figure to the records it is made of, and from one to its raw rows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from oic_assurance.operations.explain.figure import Figure
    from oic_assurance.operations.explain.history import RecordHistory
    from oic_assurance.operations.explain.publication_records import Records
    from oic_assurance.settings import Settings


@click.command()
@click.argument("measure", required=False)
@click.option("--period", metavar="YYYY-MM", help="The month; the default is the latest.")
@click.option("--unit", default="ALL", show_default=True, help="Code of the unit.")
@click.option("--class", "only_class", metavar="CLASS", help="Only the records of this class.")
@click.option("--limit", type=click.IntRange(0, 1_000_000), default=10, show_default=True,
              help="How many records of each class are listed.")  # fmt: skip
@click.option("--record", nargs=2, metavar="KIND KEY",
              help="The whole story of one record instead, such as `referral NR26000699`. "
              "The look into its raw rows is logged.")  # fmt: skip
@click.option("--publication", "publication_id", type=int, metavar="ID",
              help="The publication; the default is the current one.")  # fmt: skip
@click.option("--json", "wants_json", is_flag=True, help="Everything as one JSON object.")
def explain(
    measure: str | None,
    period: str | None,
    unit: str,
    only_class: str | None,
    limit: int,
    record: tuple[str, str] | None,
    publication_id: int | None,
    wants_json: bool,
) -> int:
    """Show what a published figure is made of, or where one of its records came from.

    Exit 1 when the classes do not add up to what was published.
    """
    from oic_assurance.operations.explain.figure import explain as explain_figure
    from oic_assurance.operations.explain.figure import month
    from oic_assurance.operations.explain.history import get_history
    from oic_assurance.operations.explain.publication_records import HISTORY_ROLE, ROLE
    from oic_assurance.settings import load_settings

    if (measure is None) == (record is None):
        raise click.UsageError("give a MEASURE or a --record, one of the two")
    of_month = month(period) if period else None
    settings = load_settings()
    if record is not None:
        with _records(settings, publication_id, HISTORY_ROLE) as records:
            story = get_history(settings, records, *record)
        _show(story, wants_json)
        return 0
    with _records(settings, publication_id, ROLE) as records:
        figure = explain_figure(records, measure or "", of_month, unit, only_class, limit)
    _show(figure, wants_json)
    return 1 if figure.mismatch else 0


@contextmanager
def _records(settings: "Settings", publication_id: int | None, role: str) -> "Iterator[Records]":
    from oic_assurance.operations.explain.publication_records import find, records_of
    from oic_assurance.reporting.screens.progress import working

    publication = find(settings, publication_id)

    recompute = partial(working, settings, f"Recompute publication {publication.publication_id}")
    with records_of(settings, publication, role, recompute) as records:
        yield records


def _show(explained: "Figure | RecordHistory", wants_json: bool) -> None:
    from oic_assurance.operations.explain.figure import Figure
    from oic_assurance.reporting.screens.explained import as_json, figure_screen, story_screen

    if wants_json:
        text = as_json(explained)
    elif isinstance(explained, Figure):
        text = figure_screen(explained)
    else:
        text = story_screen(explained)
    sys.stdout.write(text)
