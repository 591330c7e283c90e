"""The steps in which points and recommendations are closed, and their reopening."""

from expectations.shared.code_lists import (
    EVIDENCE_STATES,
    REOPENING_CAUSES,
    SIGN_OFF_ROLE_OF_STEP,
    sql_list,
)
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    Expectations,
    every_row,
    filled,
    matches,
    no_rows,
    one_of,
    sql,
)

_ORDER = """
with step (step, place) as (values <<places>>)
select later.recommendation_code, later.round, later.step
from {rows} as later
inner join step as its on later.step = its.step
inner join step as before on before.place = its.place - 1
left join {rows} as earlier
    on later.force_code = earlier.force_code
    and later.recommendation_code = earlier.recommendation_code
    and later.round = earlier.round
    and earlier.step = before.step
where earlier.step is null or earlier.at > later.at
"""

_IN_FORCE_AFTER_REOPENING = """
select step.recommendation_code, step.round, step.step
from {rows} as step
inner join {rows} as reopened
    on step.force_code = reopened.force_code
    and step.recommendation_code = reopened.recommendation_code
    and step.round <= reopened.round
where reopened.step = 'REOPENED' and step.step <> 'REOPENED' and step.is_in_force
"""

# The query finds signatures in force of points that are slipping or overdue on the as-at day. If a
# dataset of the force is not fresh, it finds none: the status of a point can then be unknown, and
# an unknown status reopens no closure.
_CLOSED_AND_SLIPPING = """
select step.recommendation_code, step.round, step.step
from {rows} as step
inner join {candidate}.assurance_position_day as position
    on step.force_code = position.force_code
    and step.point_code = position.point_code
    and position.day = ({as_at} at time zone 'Europe/London')::date
where step.is_in_force and step.step in ('FORCE', 'COMMISSIONER', 'INSPECTORATE')
    and position.status in ('slipping', 'overdue')
    and not exists (
        select
        from {candidate}.source_freshness as source
        where source.force_code = step.force_code and source.verdict <> 'fresh'
    )
"""

_UNKNOWN = """
select step.recommendation_code, step.round, step.step
from {rows} as step
left join {candidate}.dim_recommendation as register
    on step.force_code = register.force_code
    and step.recommendation_code = register.recommendation_code
where register.recommendation_code is null
    or step.point_code is distinct from register.point_code
"""


@mart_suite("sign_off", one_row_per=("recommendation_code", "round", "step"))
def sign_off() -> Expectations:
    """Every step of a closure: in order, by its own role, and not in force after a reopening."""
    roles = [*SIGN_OFF_ROLE_OF_STEP.values(), "PIPELINE"]
    return [
        one_of(
            "step",
            [*SIGN_OFF_ROLE_OF_STEP, "REOPENED"],
            description="Every step is one of the contract.",
        ),
        one_of("by_role", roles, description="Every step is by a role of sign-off."),
        one_of("cause", REOPENING_CAUSES, description="Every reopening has a cause of the list."),
        one_of(
            "evidence_state",
            EVIDENCE_STATES,
            description="Every check of evidence has an outcome of the list.",
        ),
        filled(
            "at",
            "made_on_publication",
            "made_on_as_at",
            "rests_on",
            "is_in_force",
            description="Every step has a value in {column}.",
        ),
        matches(
            "evidence_sha256",
            "^[0-9a-f]{64}$",
            description="Every hash of evidence is a SHA-256 in hexadecimal.",
        ),
        every_row(
            "role_of_the_step",
            sql(
                "(step = 'REOPENED' or (step, by_role) in (<<pairs>>))",
                pairs=", ".join(
                    f"('{step}', '{role}')" for step, role in SIGN_OFF_ROLE_OF_STEP.items()
                ),
            ),
            description="Every step is by the role that makes it.",
            columns=("step", "by_role"),
        ),
        every_row(
            "reopening_has_a_cause",
            "(step = 'REOPENED') = (cause is not null)",
            description="Every reopening has a cause, and no other step has one.",
            columns=("step", "cause"),
        ),
        every_row(
            "pipeline_only_reopens",
            "by_role <> 'PIPELINE' or step = 'REOPENED'",
            description="No closure has a step of the pipeline other than a reopening.",
            columns=("step", "by_role"),
        ),
        every_row(
            "signed_on_evidence",
            sql(
                "step not in (<<steps>>) or evidence_sha256 is not null",
                steps=sql_list(("EVIDENCE", "FORCE", "COMMISSIONER", "INSPECTORATE")),
            ),
            description="Every step from the evidence on has the hash of the evidence.",
            columns=("step", "evidence_sha256"),
        ),
        every_row(
            "figure_of_a_point_only",
            "(rests_on = 'FIGURE_AND_EVIDENCE') = (point_code is not null) "
            "and (point_code is not null or value_then is null)",
            description="Every step about no point rests on evidence alone and has no figure.",
            columns=("rests_on", "point_code", "value_then"),
        ),
        no_rows(
            "steps_in_order",
            sql(
                _ORDER,
                places=", ".join(
                    f"('{step}', {place})"
                    for place, step in enumerate(SIGN_OFF_ROLE_OF_STEP, start=1)
                ),
            ),
            description="Every step comes after the one before it in the same round.",
        ),
        no_rows(
            "nothing_in_force_after_a_reopening",
            _IN_FORCE_AFTER_REOPENING,
            description="Every step of a round that was reopened is no longer in force.",
        ),
        no_rows(
            "no_closure_of_a_slipping_point",
            _CLOSED_AND_SLIPPING,
            description="Every point that is slipping or overdue has no signature in force.",
        ),
        no_rows(
            "recommendation_known",
            _UNKNOWN,
            description="Every step is about a recommendation of the register and its point.",
        ),
    ]
