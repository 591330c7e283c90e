"""The state of each force: whether its figures are shown."""

from expectations.national.marts.no_rank import no_rank
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

WHY_UNKNOWN = (
    "NEVER_REPORTED",
    "REFUSED",
    "INCOMPLETE",
    "INCONSISTENT",
    "WITHDRAWN",
    "LATE",
)

_NOT_LISTED = """
select coalesce(shown.reporting_force_code, listed.force_code) as reporting_force_code
from {rows} as shown
full join (
    select force_code
    from {policy}.national_force
    where date({as_at} at time zone 'Europe/London')
        between effective_from and coalesce(effective_to, 'infinity')
) as listed on shown.reporting_force_code = listed.force_code
where shown.reporting_force_code is null or listed.force_code is null
"""

# Counted from raw again: a force whose newest reported publication was rolled back must not be
# shown with the figures that stand behind it.
_WITHDRAWN_BUT_SHOWN = """
with latest as (
    select distinct on (reporting_force_code, publication_id)
        reporting_force_code, publication_id, is_withdrawn
    from {raw_general}.force_publication
    where batch_id <= {known_batch_id} and version_at <= {as_at}
    order by reporting_force_code, publication_id, version_at desc, batch_id desc
)
select shown.reporting_force_code
from {rows} as shown
inner join latest
    on shown.reporting_force_code = latest.reporting_force_code
    and latest.publication_id >= shown.force_publication_id
where shown.state = 'REPORTED' and latest.is_withdrawn
"""


@mart_suite(
    "national_force_state",
    one_row_per=("reporting_force_code",),
    source_text_columns=("caveat", "reporting_force_code", "force_fingerprint"),
    sentence_columns=("caveat",),
)
def national_force_state() -> Expectations:
    """Every force, with the state of its report."""
    return [
        no_rank(),
        no_rows(
            "every_force_shown",
            _NOT_LISTED,
            description="Every listed force is shown, and no other.",
            columns=("reporting_force_code",),
            dimension="completeness",
        ),
        every_row(
            "unknown_says_why",
            "(state = 'UNKNOWN') = (why_unknown is not null)"
            " and (state = 'REPORTED' or caveat is not null)",
            description="Every force that is unknown says why.",
            columns=("state", "why_unknown", "caveat"),
        ),
        every_row(
            "reported_has_a_publication",
            "force_publication_id is not null and force_as_at is not null"
            " and newest_delivery_at is not null",
            where="state = 'REPORTED'",
            description="Every reported force has a publication, its moment and a delivery.",
            columns=("force_publication_id", "force_as_at"),
        ),
        no_rows(
            "withdrawn_is_unknown",
            _WITHDRAWN_BUT_SHOWN,
            description="No force is shown whose newest publication was rolled back.",
            columns=("state",),
        ),
    ]
