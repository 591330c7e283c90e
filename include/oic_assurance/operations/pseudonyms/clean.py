"""Remove earlier pseudonyms and other earlier keys from the server's files after a re-keying.

The earlier state of a changed row stays in its table's file as a dead row until the table is
rewritten. It also stays in the planner's samples and in the write-ahead log. Runs do not have to
wait for this clean-up. If readers use a table for too long, the next run continues the clean-up.
"""

from oic_assurance.operations.pseudonyms.rekey import ROLE
from oic_assurance.operations.pseudonyms.tables import relations
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rewriting import leave_no_trace
from oic_assurance.warehouse.rows import find_value

_UNCLEANED = """
select max(rekey_id) from audit.rekey where finished_at is not null and cleaned_at is null
"""


def clean(settings: Settings) -> str | None:
    """Remove earlier keys from dead rows, samples and the write-ahead log.

    Does nothing if no re-keying has left earlier keys. Returns None if no earlier key is left. If a
    table was in use for too long, returns a phrase that names the table.

    Raises:
        ServerError: The write-ahead log cannot be cleared.
    """
    with connect(settings, role=ROLE) as connection:
        last = find_value(connection, _UNCLEANED.encode())
        tables = [f"{one.schema}.{one.name}" for one in relations(connection)]
    if last is None:
        return None
    waits_for = leave_no_trace(settings, [*tables, "identity.key_change"])
    if waits_for is None:
        with connect(settings, role=ROLE) as connection:
            connection.execute(
                "update audit.rekey set cleaned_at = clock_timestamp()"
                " where finished_at is not null and cleaned_at is null and rekey_id <= %s",
                (last,),
            )
    return waits_for
