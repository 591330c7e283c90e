"""The questions that the data gives for the Board."""

from expectations.shared.code_lists import REFERRALS, points_of
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_RULE = """
{rows} as shown
inner join {policy}.policy_board_question as rule
    on shown.rule_code = rule.rule_code and shown.point_code = rule.point_code
    and greatest(<<today>>, '2020-01-01'::date)
        between rule.effective_from and coalesce(rule.effective_to, '9999-12-31'::date)
"""

_WITHOUT_A_RULE = """
select shown.rule_code, shown.org_unit_code
from {rows} as shown
where not exists (
    select
    from {policy}.policy_board_question as rule
    where rule.rule_code = shown.rule_code and rule.point_code = shown.point_code
        and greatest(<<today>>, '2020-01-01'::date)
            between rule.effective_from and coalesce(rule.effective_to, '9999-12-31'::date)
)
"""

_WITH_GAPS = """
select point_code, rank
from (
    select *, row_number() over (partition by force_code, point_code order by rank) as place
    from {rows}
) as ranked
where rank <> place or place > 5
"""

_TOO_SMALL = """
select shown.rule_code, shown.org_unit_code
from <<rule>>
where shown.denominator < rule.fewest_records
    or rule.rule_kind in ('TEAM', 'CLASS') and not coalesce(
        shown.reference_denominator >= rule.fewest_records
        and shown.numerator::double precision / shown.denominator
            - shown.reference_numerator::double precision / shown.reference_denominator
            >= rule.threshold - 1e-9,
        false
    )
"""

_OF_A_STALE_POINT = """
select shown.rule_code, shown.org_unit_code
from <<rule>>
left join (
    select source.point_code, freshness.force_code
    from {policy}.point_dataset as source
    inner join {candidate}.source_freshness as freshness using (dataset)
    where freshness.verdict <> 'fresh'
    group by source.point_code, freshness.force_code
) as stale on shown.point_code = stale.point_code and shown.force_code = stale.force_code
where (rule.rule_kind = 'SOURCE') <> (stale.point_code is not null)
"""

# The referrals of a team are counted again, over the months of the position.
_OTHER_COUNTS = """
select shown.rule_code, shown.org_unit_code
from <<rule>>
cross join lateral (
    select count(*) as denominator,
        count(*) filter (where fact.intelligence_class = rule.record_class) as numerator
    from {candidate}.fct_nccu_referral as fact
    where fact.force_code = shown.force_code and fact.org_unit_code = shown.org_unit_code
        and fact.is_counted
        and fact.contacted_at at time zone 'Europe/London'
            >= date_trunc('month', <<today>>) - interval '12 months'
) as recount
where rule.rule_kind = 'TEAM' and shown.point_code = <<referrals>>
    and (shown.numerator, shown.denominator) <> (recount.numerator, recount.denominator)
"""


@mart_suite(
    "board_question",
    one_row_per=("rule_code", "org_unit_code"),
    source_text_columns=("words",),
    sentence_columns=("words",),
)
def board_question() -> Expectations:
    """Every question that the data gives for the Board."""
    return [
        every_row(
            "about_something",
            "numerator >= 1 and numerator <= denominator",
            description="Every question is about at least one record, and at most about all.",
            columns=("numerator", "denominator"),
        ),
        every_row(
            "words_are_whole",
            "words !~ '[{}]' and words like '%?'",
            description="Every question has all its places filled in and ends as a question.",
            columns=("words",),
            dimension="completeness",
        ),
        every_row(
            "since_has_happened",
            sql("since is null or since <= <<today>>", today=_TODAY),
            description="No question is about a time that is still to come.",
            columns=("since",),
            dimension="validity",
        ),
        no_rows(
            "ranks_without_gaps",
            _WITH_GAPS,
            description="Every point has at most five questions, ranked from one without a gap.",
        ),
        no_rows(
            "asked_by_a_rule",
            sql(_WITHOUT_A_RULE, today=_TODAY),
            description="Every question follows from a rule of its point that is in force.",
            dimension="integrity",
        ),
        no_rows(
            "large_enough",
            sql(_TOO_SMALL, rule=_RULE, today=_TODAY),
            description="Every question has the records and the difference that its rule asks for.",
        ),
        no_rows(
            "sources_first",
            sql(_OF_A_STALE_POINT, rule=_RULE, today=_TODAY),
            description="A point whose source is not fresh is asked about that alone.",
        ),
        no_rows(
            "teams_are_counted",
            sql(_OTHER_COUNTS, rule=_RULE, today=_TODAY, referrals=points_of(REFERRALS)),
            description="Every question about a team's referrals has their number.",
        ),
    ]
