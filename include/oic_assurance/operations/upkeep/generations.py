"""Detach and drop old generations, as the daily run does after its publication.

The daily run puts a step off if readers are using a table. At night, nobody is.
"""

from oic_assurance.operations.upkeep.part import Did
from oic_assurance.publishing.maintenance import tidy
from oic_assurance.publishing.publication import ROLE
from oic_assurance.publishing.retention import planned
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value

_SIZE = """
select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
from pg_catalog.pg_class as c
where c.relnamespace = to_regnamespace('generation') and c.relkind = 'r'
"""


def keep_generations(settings: Settings, dry_run: bool) -> Did:
    """Detach and drop old generations. With `dry_run`, only count them."""
    before = _size(settings)
    done = planned(settings) if dry_run else tidy(settings)
    counts = {"detached": len(done.detached), "dropped": len(done.erased)}
    return Did(counts, before, before if dry_run else _size(settings), done.put_off)


def _size(settings: Settings) -> int:
    with connect(settings, role=ROLE) as connection:
        return int(one_value(connection, _SIZE))
