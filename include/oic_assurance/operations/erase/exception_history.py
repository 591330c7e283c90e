"""Delete the exception history of erased records.

The events of an exception name the record and the officer's pseudonym. Raw keeps every version of
every record ever landed, so a record that is no longer in raw was erased.
"""

import psycopg
from psycopg.sql import SQL

from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.declarations.model import Dataset, Table

# For each raw table: a pattern for the codes of exceptions about its records, and an SQL expression
# for the name that the events of exceptions use for a record (`record_ref`).
_EVENTS_OF_TABLE = {
    "nccu_referral": ("REFERRAL_%", "r.referral_ref"),
    "intelligence_report": ("DOCUMENT_%", "r.report_urn"),
    "custody_record": ("CUSTODY_%", "coalesce(r.occurrence_ref, 'custody ' || r.custody_id)"),
    "plan": ("PLAN_REVIEW_%", "r.plan_ref"),
    "board_action": ("BOARD_ACTION_%", "r.action_ref"),
    "plan_milestone": ("PLAN_MILESTONE_%", "r.plan_ref || ': ' || r.milestone"),
}

# A training exception is about an officer. If the officer's pseudonym no longer exists, the officer
# was erased.
_DELETE_TRAINING = """
delete from audit.exception_event as event
where
    event.force_code = %(force)s
    and event.exception_code in ('TRAINING_OUTSTANDING', 'HYDRA_PLACE_MISSING')
    and not exists (
        select
        from identity.pseudonym as known
        where known.force_code = event.force_code and known.officer_key = event.officer_key
    )
"""

# Events about other records stay, but without the key of the erased officer.
_CLEAR_OFFICERS = """
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


def delete_exception_events(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table
) -> None:
    """Delete events about records and officers that were erased.

    A record was erased if it is no longer in the raw table. An officer was erased if the pseudonym
    no longer exists. So this function must be called after the rows in raw and the pseudonyms have
    been deleted.
    """
    if table.name in _EVENTS_OF_TABLE:
        codes, name = _EVENTS_OF_TABLE[table.name]
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
    connection.execute(_DELETE_TRAINING, {"force": force})
    connection.execute(_CLEAR_OFFICERS, {"force": force})
