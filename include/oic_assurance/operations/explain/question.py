"""A question for the Board with the rule that gives it, and the records behind it.

The records add up to the question's numerator and denominator. The dbt models decide which records
a rule looks at. This module only reads their results.
"""

from oic_assurance.clock import london_day
from oic_assurance.errors import AssuranceError, UnknownNameError, UsageError
from oic_assurance.operations.explain.figure import Explained, Row, listed, mismatch
from oic_assurance.operations.explain.publication_records import Records

_QUESTIONS = """
select
    question.point_code, question.rank, question.rule_code, question.org_unit_code,
    unit.org_unit_name, question.words, question.numerator, question.denominator,
    question.reference_numerator, question.reference_denominator, question.since
from {mart_board_question} as question
left join {mart_dim_org_unit} as unit using (force_code, org_unit_code)
where question.force_code = %(force)s
order by question.point_code, question.rank
"""

_RULE = """
select rule_kind, record_class, fewest_records, threshold, rank_weight, approved_by
from {policy}.policy_board_question
where
    rule_code = %(rule)s and greatest(%(day)s::date, '2020-01-01'::date)
        between effective_from and coalesce(effective_to, '9999-12-31'::date)
"""

_CLASSES = """
select
    member.class as name, member.is_reference, count(*) as records,
    count(*) filter (where member.is_in_numerator) as in_numerator,
    coalesce(max(words.meaning), '') as meaning
from {intermediate}.int_question_record as member
left join {policy}.record_class as words using (record_kind, class)
where
    member.force_code = %(force)s and member.rule_code = %(rule)s
    and member.org_unit_code = %(unit)s
group by member.is_reference, member.class
order by member.is_reference, count(*) filter (where member.is_in_numerator) desc, member.class
"""

_RECORDS = """
select *
from (
    select
        record_kind, record_ref, class as class_name, team_code, happened_on, officer_key,
        related_ref, null as hours_to_submission,
        row_number() over (
            partition by is_in_numerator, class order by happened_on, record_ref
        ) as place,
        is_in_numerator
    from {intermediate}.int_question_record
    where
        force_code = %(force)s and rule_code = %(rule)s and org_unit_code = %(unit)s
        and not is_reference and (%(class)s::text is null or class = %(class)s)
) as member
where place <= %(limit)s
order by is_in_numerator desc, class_name, place
"""


def explain_question(
    records: Records,
    rule: str,
    unit: str | None = None,
    only_class: str | None = None,
    limit: int = 10,
) -> Explained:
    """Return a question and at most `limit` records of each class.

    `rule` is the code of a rule. `unit` is the code of the unit that the question is about. It must
    be given if the rule gives questions about several units. With `only_class`, only records of
    that class are returned. If records are listed, the call is logged as a consultation.

    Raises:
        UnknownNameError: The publication has no question of this rule or about this unit, or the
            question has no records of this class.
        UsageError: The rule gives questions about several units, and no unit is given.
        AssuranceError: An earlier version of the code made the publication, without questions, or
            the policy does not have the rule any more.
    """
    row = find_question(records, rule, unit)
    number, as_at = records.publication.publication_id, records.publication.as_at
    unit = row["org_unit_code"]
    asked = {"rule": rule, "unit": unit, "class": only_class, "limit": limit}
    behind = f"question {rule} for unit {unit}"
    declared = records.ask(_RULE, {"rule": rule, "day": london_day(as_at)})
    if not declared:
        # The records are computed again with the policy of today.
        raise AssuranceError(
            f"The policy does not have the rule {rule} for {london_day(as_at)} any more, so the "
            f"question of publication {number} cannot be explained."
        )
    classes, members = listed(records, asked, _CLASSES, _RECORDS, behind, "question")
    now = [one for one in classes if not one["is_reference"]]
    wrong = mismatch(
        row,
        denominator=sum(one["records"] for one in now),
        numerator=sum(one["in_numerator"] for one in now),
    )
    row |= {**declared[0], "publication_id": number, "as_at": as_at, "mismatch": wrong}
    return Explained(row, classes, members)


def find_question(records: Records, rule: str, unit: str | None) -> Row:
    """Return the row of a question in its mart. Nothing else is read.

    `explain_question` explains the arguments and the errors.
    """
    number = records.publication.publication_id
    if not records.has_questions():
        raise AssuranceError(f"Publication {number} was made before there were questions.")
    questions = records.ask(_QUESTIONS, {})
    of_rule = [row for row in questions if row["rule_code"] == rule]
    if not of_rule:
        known = sorted({row["rule_code"] for row in questions})
        raise UnknownNameError("question", rule, known, f"in publication {number}")
    if unit is None and len(of_rule) == 1:
        return of_rule[0]
    units = [str(row["org_unit_code"]) for row in of_rule]
    if unit is None:
        raise UsageError(
            f"{rule} asks about several units: add --unit with one of {', '.join(units)}."
        )
    found = [row for row in of_rule if row["org_unit_code"] == unit]
    if not found:
        raise UnknownNameError("unit", unit, units, f"that {rule} asks about")
    return found[0]
