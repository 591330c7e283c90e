"""What readers were told of exceptions goes with the record that it was told of.

An exception's events name the record and the officer's pseudonym. Raw keeps every version of every
record that was ever landed, so what raw does not know any more was erased.
"""

import psycopg
from psycopg.sql import SQL

from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.declarations.model import Dataset, Table

# By table: which exceptions are of its records, and how the list calls a record.
_OF_TABLE = {
    "nccu_referral": ("REFERRAL_%", "r.referral_ref"),
    "intelligence_report": ("DOCUMENT_%", "r.report_urn"),
    "custody_record": ("CUSTODY_%", "coalesce(r.occurrence_ref, 'custody ' || r.custody_id)"),
    "plan": ("PLAN_REVIEW_%", "r.plan_ref"),
    "plan_milestone": ("PLAN_MILESTONE_%", "r.plan_ref || ': ' || r.milestone"),
}

# Of training the record is the person: whose pseudonym went has no exception any more.
_OF_PERSONS = """
delete from audit.exception_event as event
where
    event.force_code = %(force)s
    and event.point_code in ('HYDRA', 'ELEARNING')
    and not exists (
        select
        from identity.pseudonym as known
        where known.force_code = event.force_code and known.officer_key = event.officer_key
    )
"""

# Other records stay, without the officer.
_OFFICERS = """
update audit.exception_event as event set officer_key = null
where
    event.force_code = %(force)s
    and event.officer_key is not null
    and not exists (
        select
        from identity.pseudonym as known
        where known.force_code = event.force_code and known.officer_key = event.officer_key
    )
"""


def forget_exceptions(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table
) -> None:
    """Take away what was told of records and persons that are there no more."""
    if table.name in _OF_TABLE:
        codes, name = _OF_TABLE[table.name]
        connection.execute(
            SQL(
                """
                delete from audit.exception_event as event
                where
                    event.force_code = %(force)s
                    and event.exception_code like %(codes)s
                    and not exists (
                        select from {raw} as r
                        where r.force_code = event.force_code and {name} = event.record_ref
                    )
                """
            ).format(raw=raw_name(dataset, table), name=SQL(name)),
            {"force": force, "codes": codes},
        )
    connection.execute(_OF_PERSONS, {"force": force})
    connection.execute(_OFFICERS, {"force": force})
