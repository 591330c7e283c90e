"""Referrals to the NCCU, the command centre of Immigration Enforcement."""

from expectations.shared.mart_suite import mart_suite, not_later, officer_keys
from expectations.shared.own_history import as_many_as_published
from expectations.shared.recounts import adds_up_to_raw
from expectations.vocabulary import (
    Expectation,
    Expectations,
    every_row,
    no_rows,
    sql,
)

# The query lists every referral, the time when its document was submitted, and the policy hours in
# force on the day of contact. The first policy, from 2020, also applies to earlier contacts.
_WITH_POLICY_HOURS = """
with
    dated as (
        select
            fact.*, report.submitted_at,
            greatest(
                (fact.contacted_at at time zone 'Europe/London')::date, date '2020-01-01'
            ) as policy_day
        from {rows} as fact
        left join {candidate}.fct_intelligence_report as report
            on fact.force_code = report.force_code and fact.report_urn = report.report_urn
    ),
    referral as (
        select
            dated.*, timely.hours as timely, grace.hours as grace, before_call.hours as before_call
        from dated
        left join lateral (<<timely_hours>>) as timely on true
        left join lateral (<<grace_hours>>) as grace on true
        left join lateral (<<before_call_hours>>) as before_call on true
    )
"""

_HOURS_OF_POLICY = """
select make_interval(secs => 3600 * policy.value) as hours
from {policy}.policy_threshold as policy
where policy.name = '<<name>>'
    and dated.policy_day
        between policy.effective_from and coalesce(policy.effective_to, date '9999-12-31')
"""

_WRONG_HOURS = """<<with_policy_hours>>
select referral_ref
from referral
where report_urn is not null
    and abs(hours_to_submission - extract(epoch from submitted_at - contacted_at) / 3600) <= 1e-6
        is not true
"""

_WRONG_CLASSES = """<<with_policy_hours>>
select referral_ref
from referral
where case intelligence_class
        when 'submitted_in_time' then submitted_at <= contacted_at + timely
        when 'submitted_late' then submitted_at > contacted_at + timely
        when 'awaiting' then {as_at} < contacted_at + grace
        when 'missing' then {as_at} >= contacted_at + grace
        else true
    end is not true
    or submitted_at < contacted_at - before_call
"""


_DOCUMENTS_USED_TWICE = """
select report_urn
from {rows}
where report_urn is not null
group by force_code, report_urn
having count(*) > 1
"""

_UNKNOWN_DOCUMENTS = """
select referral_ref
from {rows} as referral
where report_urn is not null
    and not exists (
        select
        from {candidate}.fct_intelligence_report as report
        where report.force_code = referral.force_code and report.report_urn = referral.report_urn
    )
"""


@mart_suite(
    "fct_nccu_referral",
    one_row_per=("referral_ref",),
    source_text_columns=("referral_ref", "occurrence_ref", "report_urn"),
)
def fct_nccu_referral() -> Expectations:
    """Every referral to the NCCU, in exactly one class."""
    return [
        officer_keys(),
        not_later("contacted_at", "No referral is later than the moment that the figures are for."),
        every_row(
            "counted_as_defined",
            "is_counted = "
            "(referral_type = 'IMMIGRATION_CRIME' and intelligence_class <> 'awaiting')",
            description=(
                "The counted referrals are the immigration crime referrals that are not awaiting."
            ),
            columns=("is_counted",),
        ),
        every_row(
            "class_follows_document",
            """
            (intelligence_class like 'submitted%') = (report_urn is not null)
            and (link_method = 'NONE') = (report_urn is null)
            and (hours_to_submission is null) = (report_urn is null)
            """,
            description="The referrals with a document, and no others, are in a submitted class.",
            columns=("intelligence_class", "report_urn", "link_method", "hours_to_submission"),
        ),
        _documents_and_hours(),
        adds_up_to_raw(
            "nccu_referral",
            "referral_ref",
            "contacted_at <= {as_at}",
            description=(
                "The referrals are exactly those in raw at the moment that the figures are for."
            ),
        ),
        as_many_as_published("fct_nccu_referral"),
    ]


def _documents_and_hours() -> list[Expectation]:
    return [
        no_rows(
            "document_used_once",
            _DOCUMENTS_USED_TWICE,
            description="No document counts for two referrals.",
            dimension="uniqueness",
        ),
        no_rows(
            "document_known",
            _UNKNOWN_DOCUMENTS,
            description="Every referral's document is one of the publication's documents.",
            dimension="integrity",
        ),
        no_rows(
            "hours_as_measured",
            sql(_WRONG_HOURS, with_policy_hours=_with_policy_hours()),
            description=(
                "Every number of hours is the time from the contact to the document's submission."
            ),
            columns=("hours_to_submission",),
            dimension="consistency",
        ),
        no_rows(
            "class_follows_the_clock",
            sql(_WRONG_CLASSES, with_policy_hours=_with_policy_hours()),
            description="Every referral's class agrees with the hours that policy allows.",
            columns=("intelligence_class",),
            dimension="consistency",
        ),
    ]


def _with_policy_hours() -> str:
    hours = ("timely_hours", "grace_hours", "before_call_hours")
    return sql(_WITH_POLICY_HOURS, **{name: sql(_HOURS_OF_POLICY, name=name) for name in hours})
