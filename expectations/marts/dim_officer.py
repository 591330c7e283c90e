"""Officers over time, under their pseudonyms."""

from expectations.shared.code_lists import EMPLOYMENT_TYPES
from expectations.shared.mart_suite import mart_suite, officer_keys
from expectations.shared.own_history import as_many_as_published
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_OVERLAPPING = """
with
    version as (
        select
            officer_key, valid_from,
            lag(valid_to) over (
                partition by force_code, officer_key order by valid_from
            ) as previous_to
        from {rows}
    )
select officer_key, valid_from
from version
where previous_to > valid_from
"""

_UNKNOWN_OFFICERS = """
with
    named as (
        select force_code, officer_key from {candidate}.fct_nccu_referral
        union
        select force_code, officer_key from {candidate}.fct_intelligence_report
        union
        select force_code, officer_key from {candidate}.fct_training_requirement
    )
select named.officer_key
from named
where named.officer_key is not null
    and not exists (
        select
        from {rows} as officer
        where officer.force_code = named.force_code and officer.officer_key = named.officer_key
    )
"""


_RANK_GROUPS = ("CONSTABLE_TO_SERGEANT", "INSPECTOR_AND_ABOVE", "OTHER")
_ROLE_GROUPS = ("NEEDS_HYDRA_AND_MODULES", "NEEDS_MODULES", "NEEDS_NO_TRAINING")

# The query finds officers whose description (employment type, rank group and role group) is shared
# by fewer than five officers in their unit. A description of which only one part is filled is
# checked too. The query also finds past versions with a description, because they must have none.
_ALONE = """
with
    described as (
        select
            *,
            count(*) filter (where is_current) over (
                partition by force_code, org_unit_code, employment_type, rank_group, role_group
            ) as officers
        from {rows}
        where employment_type is not null or rank_group is not null or role_group is not null
    )
select officer_key, valid_from
from described
where not is_current or officers < 5
"""


@mart_suite("dim_officer", one_row_per=("officer_key", "valid_from"))
def dim_officer() -> Expectations:
    """Every officer and unit, with the days in that unit and a coarse description."""
    return [
        officer_keys(),
        one_of(
            "employment_type",
            EMPLOYMENT_TYPES,
            description="Every employment type is a defined one.",
        ),
        one_of("rank_group", _RANK_GROUPS, description="Every rank group is a defined one."),
        one_of("role_group", _ROLE_GROUPS, description="Every role group is a defined one."),
        no_rows(
            "officers_are_not_alone",
            _ALONE,
            description=(
                "Every description that is shown is shared by at least five officers of the unit."
            ),
            columns=("employment_type", "rank_group", "role_group"),
            dimension="privacy",
        ),
        every_row(
            "version_has_a_span",
            "valid_from < valid_to",
            description="Every version is valid for at least one day.",
            columns=("valid_from", "valid_to"),
            dimension="validity",
        ),
        no_rows(
            "one_version_a_day",
            _OVERLAPPING,
            description="No officer has two versions on one day.",
            columns=("valid_from", "valid_to"),
            dimension="consistency",
        ),
        no_rows(
            "every_officer_known",
            _UNKNOWN_OFFICERS,
            description="Every officer who occurs in a fact table is listed.",
            dimension="integrity",
        ),
        as_many_as_published("dim_officer"),
    ]
