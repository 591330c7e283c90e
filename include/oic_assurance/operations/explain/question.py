"""A question for the Board with the rule that gives it, and the records behind it.

The records add up to the question's numerator and denominator. The dbt models decide which records
a rule looks at. This module only reads their results.
"""

from dataclasses import dataclass
from datetime import date, datetime

from oic_assurance.clock import london_day
from oic_assurance.errors import AssuranceError, UnknownNameError, UsageError
from oic_assurance.operations.explain.figure import Row, log_members
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


@dataclass(frozen=True)
class Question:
    """A question as it was published, with its rule, its classes and its records.

    Attributes:
        rule: The rule of the question, as the seed `policy_board_question` has it.
        classes: Of `_CLASSES`: the records that the rule looks at, by class. Those that are a
            `reference` are from the earlier months with which the rule compares.
        members: The records, of `_RECORDS`.
    """

    publication_id: int
    as_at: datetime
    point_code: str
    rank: int
    rule_code: str
    org_unit_code: str
    org_unit_name: str | None
    words: str
    numerator: int
    denominator: int
    reference_numerator: int | None
    reference_denominator: int | None
    since: date | None
    rule: Row
    classes: list[Row]
    members: list[Row]

    @property
    def mismatch(self) -> str | None:
        """Return where the counts of the records differ from the published question, or None."""
        now = [item for item in self.classes if not item["is_reference"]]
        parts = {
            "denominator": (sum(item["records"] for item in now), self.denominator),
            "numerator": (sum(item["in_numerator"] for item in now), self.numerator),
        }
        wrong = [
            f"{name} {found}, published {published}"
            for name, (found, published) in parts.items()
            if found != published
        ]
        return "; ".join(wrong) or None


def explain_question(
    records: Records,
    rule: str,
    unit: str | None = None,
    only_class: str | None = None,
    limit: int = 10,
) -> Question:
    """Return a question and at most `limit` records of each class.

    `rule` is the code of a rule. `unit` is the code of the unit that the question is about. It must
    be given if the rule gives questions about several units. With `only_class`, only records of
    that class are returned. If records are listed, the call is logged as a consultation.

    Raises:
        UnknownNameError: The publication has no question of this rule or about this unit, or the
            question has no records of this class.
        UsageError: The rule gives questions about several units, and no unit is given.
        AssuranceError: An earlier version of the code made the publication, without questions.
    """
    row = find_question(records, rule, unit)
    asked: dict[str, object] = {
        "rule": rule,
        "unit": row["org_unit_code"],
        "class": only_class,
        "limit": limit,
        "day": london_day(records.publication.as_at),
    }
    classes = records.ask(_CLASSES, asked)
    known = sorted({item["name"] for item in classes})
    if only_class is not None and only_class not in known:
        raise UnknownNameError("class", only_class, known, "of records in this question")
    members = records.ask(_RECORDS, asked)
    what = f"question {rule} for unit {row['org_unit_code']}"
    log_members(records, members, what, "to explain a question")
    (found,) = records.ask(_RULE, asked)
    return Question(
        publication_id=records.publication.publication_id,
        as_at=records.publication.as_at,
        rule=found,
        classes=classes,
        members=members,
        **row,
    )


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
