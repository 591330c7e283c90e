"""The expectation that no mart of the national warehouse ranks forces."""

from expectations.vocabulary import Expectation, no_rows

_RANKS = """
select attname as column_name
from pg_catalog.pg_attribute
where attrelid = '{rows}'::regclass
    and attnum > 0
    and not attisdropped
    and attname ~ '(^|_)(rank|ranking|position_in_list|league|percentile|decile|quartile)(_|$)'
"""


def no_rank() -> Expectation:
    """Expect that no column is a rank of forces, or something from which one is read."""
    return no_rows(
        "no_rank",
        _RANKS,
        description="No column ranks forces.",
        dimension="validity",
    )
