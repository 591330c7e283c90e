"""Set the times recorded in the warehouse back to the simulated day.

The trial publishes the days of a year in an hour, and the server's clock shows today. So the
warehouse records every delivery as landed today, after all deadlines of the simulated year. After
each stage, the trial therefore looks for recorded times that are later than the simulated run, and
sets them to the time of that run. The pipeline never changes recorded times: only the owner of the
tables has the right to change them.
"""

from datetime import datetime

from psycopg import sql

from oic_assurance.settings import Settings
from tests.databases import administrator

STAMPED = {
    "audit.run": ("started_at", "finished_at"),
    "audit.batch": ("landed_at",),
    "audit.extraction": ("started_at", "finished_at"),
    "audit.build": ("started_at", "known_at", "steps_from", "candidate_since", "finished_at"),
    "audit.gate": ("finished_at",),
    "audit.expectation_result": ("checked_at",),
    "audit.generation": ("attached_at",),
    "audit.released_figure": ("released_at",),
    "audit.deadline_position": ("computed_at",),
    "audit.publication_move": ("moved_at",),
    "marts.publication": ("published_at",),
}


def put_back(settings: Settings, moment: datetime) -> None:
    """Set every recorded time that is later than `moment` to `moment`."""
    with administrator(settings) as owner:
        for table, columns in STAMPED.items():
            for column in columns:
                owner.execute(
                    sql.SQL("update {0} set {1} = %(moment)s where {1} > %(moment)s").format(
                        sql.Identifier(*table.split(".")), sql.Identifier(column)
                    ),
                    {"moment": moment},
                )
