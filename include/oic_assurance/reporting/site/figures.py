"""Show the figure of each measure on its page, from the current publication of this machine.

Only the publication of a synthetic force is shown, because a page of the documentation can go
anywhere. No record is listed, and nobody's reference is read: only how many records each class has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.formats import NOTHING, moment
from oic_assurance.operations.explain.figure import Explained, explain
from oic_assurance.operations.explain.publication_records import find, records_of
from oic_assurance.reporting.pack.control_charts import control_chart
from oic_assurance.reporting.pack.facts import board_facts
from oic_assurance.reporting.paper.drawing import Picture
from oic_assurance.reporting.site.drawing import fill
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import find_connection_uri
from simulator.force import simulated

_SOURCES = ("rms", "intelligence", "warehouse")
_NOT_SYNTHETIC = (
    "The data of this machine is not that of a synthetic force, and pages of the documentation "
    "show no figures of a real one."
)


@dataclass(frozen=True)
class Shown:
    """The latest figure of a measure, and its months as a chart."""

    figure: Explained
    months: Picture


@dataclass(frozen=True)
class Figures:
    """The figures of a publication, keyed by measure."""

    publication_id: int
    as_at: datetime
    shown: Mapping[str, Shown]


def current_figures(settings: Settings) -> Figures | str:
    """Return the figures of the current publication, or a sentence that says why there are none."""
    if not _is_synthetic(settings):
        return _NOT_SYNTHETIC if settings.home.exists() else "Nothing has been run here yet."
    try:
        publication = find(settings, None)
        facts = board_facts(settings, publication.publication_id)
        rows = facts["control_limits"]
        titles = {str(one["measure_code"]): str(one["title"]) for one in rows}
        with records_of(settings, publication, while_computing=_nothing_is_computed) as records:
            shown = {
                code: Shown(
                    explain(records, code, limit=0),
                    control_chart(title, [one for one in rows if one["measure_code"] == code]),
                )
                for code, title in titles.items()
            }
    except AssuranceError as error:
        return error.message
    except psycopg.Error as error:
        return f"The publication of this machine cannot be read: {str(error).splitlines()[0]}."
    return Figures(publication.publication_id, publication.as_at, shown)


def _nothing_is_computed() -> NoReturn:
    """Refuse to recompute the records of an earlier publication: a page is not worth a build."""
    raise AssuranceError("The current publication is not that of the newest build.")


def figure_section(code: str, figures: Figures | str) -> str:
    """Return, in Markdown, the part of a measure's page that shows its figure.

    If there are no figures, `figures` says why, and the part says how to see one.
    """
    if isinstance(figures, str) or code not in figures.shown:
        reason = figures if isinstance(figures, str) else "The publication has no such measure."
        return fill("figure.md.j2", shown=None, reason=reason, code=code)
    return fill(
        "figure.md.j2",
        shown=figures.shown[code],
        publication_id=figures.publication_id,
        as_at=moment(figures.as_at),
        code=code,
        nothing=NOTHING,
    )


def _is_synthetic(settings: Settings) -> bool:
    """Tell whether the sources are those of the simulator, on this machine."""
    elsewhere = any(find_connection_uri(name) for name in _SOURCES)
    own = settings.dropzone == f"file://{settings.home}/dropzone"
    return own and not elsewhere and simulated(settings) is not None
