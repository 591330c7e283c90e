"""Cases reported to Immigration Enforcement's command centre."""

from expectations.codes import CHANNELS, INTELLIGENCE_CLASSES, LINK_METHODS, REFERRAL_TYPES
from expectations.mart import known_unit, mart, not_later, officer_keys
from expectations.past import as_many_as_published
from expectations.raw import adds_up_to_raw
from expectations.vocabulary import (
    Promise,
    Promises,
    every_row,
    filled,
    nothing,
    one_of,
    sql,
)

# Every referral with its document's submission and the hours of the policy on the day of contact.
_JUDGED = """
with
    dated as (
        select
            referral.*, report.submitted_at,
            greatest(
                (referral.contacted_at at time zone 'Europe/London')::date, date '2020-01-01'
            ) as policy_day
        from {rows} as referral
        left join {candidate}.fct_intelligence_report as report
            on referral.force_code = report.force_code and referral.report_urn = report.report_urn
    ),
    judged as (
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

_HOURS_NOT_AS_MEASURED = """<<judged>>
select referral_ref
from judged
where report_urn is not null
    and abs(hours_to_submission - extract(epoch from submitted_at - contacted_at) / 3600) <= 1e-6
        is not true
"""

_CLASS_AGAINST_THE_CLOCK = """<<judged>>
select referral_ref
from judged
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


@mart(
    "fct_nccu_referral",
    one_row_per=("referral_ref",),
    names_from_sources=("referral_ref", "occurrence_ref", "report_urn"),
)
def fct_nccu_referral() -> Promises:
    """Every case that was reported to the NCCU, in exactly one class."""
    return [
        filled(
            "contacted_at",
            "channel",
            "referral_type",
            "org_unit_code",
            "intelligence_class",
            "link_method",
            "is_counted",
            words="Every referral has its {column}.",
        ),
        officer_keys(),
        known_unit(),
        one_of("channel", CHANNELS, words="Every referral was made by telephone or by email."),
        one_of(
            "referral_type", REFERRAL_TYPES, words="Every referral is of a type that is defined."
        ),
        one_of(
            "intelligence_class",
            INTELLIGENCE_CLASSES,
            words="Every referral is in one of the six classes.",
        ),
        one_of("link_method", LINK_METHODS, words="How a document was found is one of four ways."),
        not_later("contacted_at", "No referral is from after the moment the figures are for."),
        every_row(
            "counted_as_defined",
            "is_counted = "
            "(referral_type = 'IMMIGRATION_CRIME' and intelligence_class <> 'awaiting')",
            words="Exactly the immigration crime referrals past their grace period are counted.",
            columns=("is_counted",),
        ),
        every_row(
            "class_follows_document",
            "(intelligence_class like 'submitted%') = (report_urn is not null) "
            "and (link_method = 'NONE') = (report_urn is null) "
            "and (hours_to_submission is null) = (report_urn is null)",
            words="A referral is submitted when a document was found for it, and only then.",
            columns=("intelligence_class", "report_urn", "link_method", "hours_to_submission"),
        ),
        _documents(),
        adds_up_to_raw(
            "nccu_referral",
            "referral_ref",
            "contacted_at <= {as_at}",
            words="Every referral that was landed and stands is here once, and nothing else is.",
        ),
        as_many_as_published("fct_nccu_referral"),
    ]


def _documents() -> list[Promise]:
    return [
        nothing(
            "document_used_once",
            _DOCUMENTS_USED_TWICE,
            words="No document counts for two referrals.",
            dimension="uniqueness",
        ),
        nothing(
            "document_known",
            _UNKNOWN_DOCUMENTS,
            words="Every document that is named is one of the publication's documents.",
            dimension="integrity",
        ),
        nothing(
            "hours_as_measured",
            sql(_HOURS_NOT_AS_MEASURED, judged=_judged()),
            words="Hours to submission are those from the contact to the document's submission.",
            columns=("hours_to_submission",),
            dimension="consistency",
        ),
        nothing(
            "class_follows_the_clock",
            sql(_CLASS_AGAINST_THE_CLOCK, judged=_judged()),
            words="In time, late, awaiting and missing are what the hours of the policy make them.",
            columns=("intelligence_class",),
            dimension="consistency",
        ),
    ]


def _judged() -> str:
    hours = ("timely_hours", "grace_hours", "before_call_hours")
    return sql(_JUDGED, **{name: sql(_HOURS_OF_POLICY, name=name) for name in hours})
