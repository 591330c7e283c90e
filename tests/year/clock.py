"""Puts the warehouse's clock values back to the simulated day.

A year passes in an hour, but the server's clock shows today. What was known when would then depend
on the hour instead of the year: no delivery would be earlier than a deadline. So after each stage,
every moment that the warehouse has recorded after the simulated day is set to that day. The
pipeline never does this. Only the owner of the tables may.
"""

from datetime import datetime

from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

STAMPED = {
    "audit.run": ("started_at", "finished_at"),
    "audit.batch": ("landed_at",),
    "audit.extraction": ("started_at", "finished_at"),
    "audit.build": ("started_at", "known_at", "steps_from", "finished_at"),
    "audit.gate": ("finished_at",),
    "audit.expectation_result": ("checked_at",),
    "audit.generation": ("attached_at",),
    "audit.released_figure": ("released_at",),
    "audit.deadline_position": ("computed_at",),
    "marts.publication": ("published_at",),
}


def put_back(settings: Settings, moment: datetime) -> None:
    """Set recorded moments that are later than `moment` to `moment`."""
    with connect(settings) as owner:
        for table, columns in STAMPED.items():
            for column in columns:
                owner.execute(
                    sql.SQL("update {0} set {1} = %(moment)s where {1} > %(moment)s").format(
                        sql.Identifier(*table.split(".")), sql.Identifier(column)
                    ),
                    {"moment": moment},
                )
