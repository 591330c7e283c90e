"""A wrong declaration of a measure is told with its file, its line and what is allowed."""

import pytest

from oic_assurance.builds.declared import (
    FILE,
    DeclaredError,
    check_conditions,
    parse,
    read_declared,
    rules_text,
)
from tests.conftest import PROJECT_ROOT

TEXT = (PROJECT_ROOT / FILE).read_text(encoding="utf-8")
#: A measure as the guide shows it, in place of the heading of all measures.
MEASURES = "\nmeasures:\n"
BY_PHONE = """
measures:
  by_phone:
    point: NCCU_INTEL
    title: By telephone
    description: Share of referrals by telephone with their document
    record: referral
    considers: {channel: PHONE}
    population: is_counted
    met: is_compliant
    unit: share
    better: more
    words:
      meaning: What it means.
      numerator: What is in the numerator.
      denominator: What is in the denominator.
      limits: [It is about telephones only.]
      history: [{day: "2026-11-30", what: First definition.}]

"""


def changed(before: str, after: str) -> str:
    """Return the file with one more measure, of which one part is changed."""
    assert before in BY_PHONE
    return TEXT.replace(MEASURES, BY_PHONE.replace(before, after), 1)


def test_the_declarations_of_the_project_are_sound() -> None:
    check_conditions(PROJECT_ROOT, read_declared(PROJECT_ROOT))


def test_a_measure_has_what_its_entry_says_and_what_its_kind_of_record_says() -> None:
    declared = parse(changed("unit: share", "unit: share\n    rests_on: [hydra/attendance]"))
    assert declared.measures["by_phone"]["considers"] == {"channel": "PHONE"}
    assert declared.record_of("by_phone")["relation"] == "int_nccu_referral_class"
    assert {"hydra/attendance", "hr/personnel"} <= set(declared.rests_on("by_phone"))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("met: is_compliant", "mett: is_compliant", "'mett' is unknown: choose one of point,"),
        ("    unit: share\n", "", "measures.by_phone: 'unit' is a required property"),
        ("unit: share", "unit: shares", "by_phone.unit: 'shares' is not one of ['share', 'hours'"),
        ("better: more", "better: bigger", "by_phone.better: 'bigger' is not one of ['more',"),
        ("record: referral", "record: call", "by_phone: 'call' is none of referral, custody"),
        ("unit: share", "unit: hours", "by_phone: a measure in hours, and no other, has a perc"),
        ("unit: share", "unit: share\n    percentile: 0.5", "by_phone: a measure in hours, and no"),
        ("record: referral", "record: custody\n    percentile: 0.5", "a measure in hours"),
        ("unit: share", "unit: share\n    rests_on: [rms/call]", "there is no dataset rms/call"),
        ("unit: share", "unit: share\n    starts_on: May", "'May' does not match"),
        ("unit: share", 'unit: share\n    starts_on: "2026-13-01"', "2026-13-01 does not exist"),
        ("limits:", "classes: {nobody: both}\n      limits:", "'nobody' is none of submitted_in_"),
        (
            "point: NCCU_INTEL",
            "point: NCCU_INTEL\n    point: HYDRA",
            "point occurs twice, first in",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(before: str, after: str, told: str) -> None:
    text = changed(before, after)
    with pytest.raises(DeclaredError) as error:
        parse(text)
    message = str(error.value)
    assert told in message
    line = int(message.partition(", line ")[2].partition(":")[0])
    first = text[: text.index("  by_phone:")].count("\n") + 1
    assert first <= line <= first + BY_PHONE.count("\n")
    assert message.startswith(str(FILE))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("met: is_compliant", "met: is_complaint", "by_phone: met names is_complaint, which is no"),
        ("population: is_counted", "population: is_counted and (", "population is not SQL"),
        ("met: is_compliant", "met: hours_to_submission + 1", "met is a number and no condition"),
        ("met: is_compliant", "met: count(*) > 0", "by_phone: met is about one record"),
        ("met: is_compliant", "met: is_compliant -- or not", "by_phone: met is about one record"),
        ("{channel: PHONE}", "{chanel: PHONE}", "considers names chanel, which is none of the col"),
    ],
)
def test_a_wrong_condition_names_the_measure(before: str, after: str, told: str) -> None:
    with pytest.raises(DeclaredError, match=told):
        check_conditions(PROJECT_ROOT, parse(changed(before, after)))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("CUSTODY_WITHOUT_REFERRAL:", "REFERRAL_DOCUMENT_MISSING:", "referral has this code too"),
        ("CUSTODY_WITHOUT_REFERRAL:", "no_referral:", "at most 40 capital letters"),
        ("when: not has_referral", "when: not has_referal", "when names has_referal, which is no"),
    ],
)
def test_a_wrong_exception_is_told(before: str, after: str, told: str) -> None:
    text = (PROJECT_ROOT / FILE).read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(DeclaredError, match=told):
        check_conditions(PROJECT_ROOT, parse(text.replace(before, after)))


def test_hours_need_a_kind_of_record_that_has_hours() -> None:
    hours = BY_PHONE.replace("unit: share", "unit: hours\n    percentile: 0.5")
    text = TEXT.replace(MEASURES, hours.replace("record: referral", "record: custody"), 1)
    with pytest.raises(DeclaredError, match="by_phone: a custody has no hours"):
        parse(text)


def test_a_file_without_yaml_is_told() -> None:
    with pytest.raises(DeclaredError, match=r"there is no text between \{% raw %\}"):
        parse("{% macro declared() %}{% endmacro %}")


def test_words_are_no_rules_and_conditions_are() -> None:
    assert rules_text(TEXT) == rules_text(TEXT.replace("By whom and when", "When"))
    first = changed("", "")
    assert rules_text(first) == rules_text(changed("What it means.", "What it says."))
    assert rules_text(first) != rules_text(changed("met: is_compliant", "met: is_counted"))
