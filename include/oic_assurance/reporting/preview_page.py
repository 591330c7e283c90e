"""The page of `assurance preview`: what a changed rule would change."""

from pathlib import Path

from oic_assurance.formats import moment
from oic_assurance.operations.preview import Preview
from oic_assurance.reporting.pack.pages import render
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.screens.previewed import (
    UNKNOWN,
    cause_lines,
    conclusion,
    figure_rows,
    point_rows,
    record_lines,
)
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.folders import private_folder

PAGE = "preview.html"


def write_page(settings: Settings, found: Preview) -> Path:
    """Write the page into the reports folder, and return its path."""
    path = private_folder(settings, settings.home / "reports") / PAGE
    text = render(
        "preview.html.j2",
        publication=found.publication,
        as_at=moment(found.publication.as_at),
        causes=list(cause_lines(found.causes)),
        conclusion=conclusion(found),
        unknown="" if found.records_are_known else UNKNOWN,
        points=Table("The points", ("Point", "Before", "After"), point_rows(found)),
        figures=Table(
            "Figures of the whole force",
            ("Measure", "Month", "Before", "After", "Records that move"),
            figure_rows(found),
            "No figure changes.",
        ),
        records=list(record_lines(found)),
    )
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    share(settings, path)
    return path
