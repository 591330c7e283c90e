"""Generate a page for each measure: what it means, its rule, its models, its tests, its history.

The pages say what follows from the rules alone. The documentation site puts the figures of the
current publication and the drawings in the places that `FIGURE` and `DRAWING` mark.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from expectations.catalogue import suites
from expectations.vocabulary import Severity, Suite
from oic_assurance.builds.seeds import Row
from oic_assurance.reporting.documents.markdown import row
from oic_assurance.reporting.documents.measure_models import models_of, unit_tests_of
from oic_assurance.reporting.documents.measures import Measure
from oic_assurance.reporting.documents.models import DbtModel
from oic_assurance.reporting.documents.over_time import over_time
from oic_assurance.reporting.points import POINTS

#: The folder of the pages, in the project.
PAGES = Path("docs") / "measures"
#: The places in a page for what a build and a publication show.
FIGURE, DRAWING = "<!-- figure -->", "<!-- drawing -->"
_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")

_HEAD = """\
# {title}

`{code}` · [{point}](README.md#{anchor}){role}

{meaning}

| question | answer |
|---|---|
{facts}
{figure}

## The rule

- **Numerator**: {numerator}
- **Denominator**: {denominator}

{empty}

## Who is counted, and who is not

Each record that the measure considers has one class. `assurance explain` counts them.

| class | who | numerator | denominator |
|---|---|---|---|
"""
#: What a figure of each unit is, and what stands in its place if there is nothing to count.
_UNITS = {
    "share": "share from 0 to 100%, with Wilson's interval at 95%",
    "hours": "hours, without an interval",
    "count": "count: how many records are in the numerator, without an interval",
}
_EMPTY = {
    "share": "If the denominator is 0, there is no figure: it is neither 0% nor 100%.",
    "hours": "If no document was submitted, there is no figure.",
    "count": "If the denominator is 0, nothing was looked at, and there is no figure.",
}
_COMPUTED = """
## How it is computed

{drawing}

These models compute it, each from those above it. The first ones read the sources: {sources}.
The [entry of the measure](../../dbt_project/macros/measures/declared.sql) decides which records
count. `assurance explain {code}` follows a figure back to the records and to the rows
that a source delivered ([how](../how-to/read-a-figure.md#from-a-figure-to-its-records)).

| model | layer | what it is |
|---|---|---|
"""
_TESTS = """
## Its tests

**Unit tests.** Each shows one rule on a few rows.
[The rules and their tests](../rules-and-tests.md) says what happens when a rule is changed.

| what it shows | model and unit test |
|---|---|
{unit_tests}
**Data tests.** dbt checks them on every build: {data_tests}.

**Expectations.** Great Expectations checks these tables before a publication, and the raw tables of
the sources before anything is computed from them.

| table | critical | warning | info |
|---|---:|---:|---:|
"""
_HISTORY = """
## History of its definition

**In the code.** What the measure counts has changed on these days.

| day | change |
|---|---|
{changes}
**In policy.** A policy is a row of a seed that applies from a day to a day.

| from | to | what | seed | approved by |
|---|---|---|---|---|
{policy}
If a rule or a policy changes what past months show, the first publication with the change lists
each changed figure in [`restatement`](../bi/dictionary/marts.restatement.md) with the cause
`RULE_CHANGE` ([why a figure changed](../how-to/why-a-figure-changed.md)).

## Known limits

"""


def pages(measures: Sequence[Measure], models: Mapping[str, DbtModel]) -> dict[str, str]:
    """Return the text of the page of each measure, keyed by file name.

    `models` holds the dbt models, keyed by name.
    """
    tables = {_table(suite): suite for suite in suites()}
    titles = {measure.code: measure.title for measure in measures}
    return {f"{measure.code}.md": _page(measure, titles, models, tables) for measure in measures}


def listed(measures: Sequence[Measure]) -> str:
    """Return the tables of the measures, one for each point, each with a link to its page."""
    parts = []
    for code, point in POINTS.items():
        parts.append(f"\n## {point.name}\n\n| | measure | what is counted | unit | code |\n")
        parts.append("|---|---|---|---|---|\n")
        parts += [
            row(
                _role(one, "●", "○"),
                f"[{one.title}]({one.code}.md)",
                one.description,
                one.unit,
                f"`{one.code}`",
            )
            for one in measures
            if one.point_code == code
        ]
    return "".join(parts).lstrip()


def _role(measure: Measure, first: str, second: str) -> str:
    """Return whether a measure is the first or the second of its point, over time."""
    words = {"measure_code": first, "second_measure_code": second}
    return over_time(
        measure.points,
        lambda row: "".join(said for name, said in words.items() if row[name] == measure.code),
        otherwise="",
    )


def _page(
    measure: Measure,
    titles: Mapping[str, str],
    models: Mapping[str, DbtModel],
    tables: Mapping[str, Suite],
) -> str:
    chain = models_of(measure, models)
    point = POINTS[measure.point_code].name
    role = _role(measure, "decides the status of the point", "second reading of the point")
    head = _HEAD.format(
        title=measure.title,
        code=measure.code,
        point=point,
        anchor=point.lower().replace(" ", "-"),
        role=f" · {role}" if role else "",
        meaning=measure.meaning.strip(),
        facts="".join(row(f"**{name}**", text) for name, text in _facts(measure, titles)),
        figure=FIGURE,
        numerator=measure.numerator,
        denominator=measure.denominator,
        empty=_EMPTY[measure.unit],
    )
    computed = _COMPUTED.format(
        drawing=DRAWING, code=measure.code, sources=", ".join(_sources(chain))
    )
    return "".join(
        [
            head,
            *_who(measure),
            computed,
            *(
                row(_link(model), model.layer, _first_sentence(model.description))
                for model in chain
            ),
            _tests(measure, chain, tables),
            _history(measure),
            *(f"- {limit}\n" for limit in measure.limits),
        ]
    )


def _facts(measure: Measure, titles: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        ("Unit", _UNITS[measure.unit]),
        ("Which is better?", "higher" if measure.more_is_better else "lower"),
        ("Month", measure.month),
        ("Team", measure.team),
        ("Target", measure.target or "none: the target of the point is that of its first measure"),
        *([("Deadline", measure.deadline)] if measure.target else []),
        ("May months be added up?", _added_up(measure)),
        ("Second reading", _second_reading(measure, titles)),
        ("Is it released to the public?", _released(measure)),
    ]


def _added_up(measure: Measure) -> str:
    if measure.may_be_added_up:
        return (
            "yes: add up numerators and denominators of "
            "[`fct_measure_month`](../bi/dictionary/marts.fct_measure_month.md)"
            + (" and divide" if measure.unit == "share" else "")
        )
    if measure.unit == "hours":
        return "no: a percentile of several months is not the sum or the mean of theirs"
    return "no: it is as at a day, and the same records are in several months"


def _second_reading(measure: Measure, titles: Mapping[str, str]) -> str:
    def say(row: Row) -> str:
        first, second = row["measure_code"], row["second_measure_code"]
        if measure.code == second:
            return f"this is it; the first is [{titles[first]}]({first}.md)"
        if measure.code == first and second:
            return f"[{titles[second]}]({second}.md)"
        return "none"

    return over_time(measure.points, say)


def _released(measure: Measure) -> str:
    if measure.released == "no":
        return "no"
    page = "../how-to/public-release.md"
    return f"{measure.released}, by [a decision of its own]({page}), with small numbers withheld"


def _who(measure: Measure) -> Iterable[str]:
    for counted in measure.counted:
        used = "used" if measure.unit == "hours" else "yes"
        yield row(
            f"`{counted.name}`",
            counted.meaning.removesuffix(": not counted"),
            "–" if measure.unit == "hours" else used if counted.in_numerator else "no",
            used if counted.in_denominator else "no",
        )
    if measure.besides:
        yield "\n"
    for text in measure.besides:
        yield f"- {text}\n"


def _sources(chain: Iterable[DbtModel]) -> list[str]:
    tables = sorted({table for model in chain for table in model.sources})
    return [f"[`{table}`](../expectations/{table}.md)" for table in tables]


def _first_sentence(text: str) -> str:
    return f"{text.partition('. ')[0].removesuffix('.')}."


def _link(model: DbtModel) -> str:
    return f"[{model.name}]({os.path.relpath(model.path, PAGES)})"


def _tests(measure: Measure, chain: Sequence[DbtModel], tables: Mapping[str, Suite]) -> str:
    unit_tests = [
        row(test.description, f"`{model.name}`<br>`{test.name}`")
        for model in chain
        for test in unit_tests_of(measure, model)
    ]
    counted: dict[str, int] = {}
    for model in chain:
        for name, times in model.data_tests.items():
            counted[name] = counted.get(name, 0) + times
    named = sorted({table for model in chain for table in model.sources})
    marts = ["marts.dim_measure", "marts.assurance_measure", "marts.assurance_spc"]
    if measure.may_be_added_up:
        marts.append("marts.fct_measure_month")
    if measure.target:
        marts.append("marts.assurance_position")
    head = _TESTS.format(
        unit_tests="".join(unit_tests),
        data_tests=", ".join(f"`{name}` ({times})" for name, times in sorted(counted.items())),
    )
    return head + "".join(
        row(f"[{table}](../expectations/{table}.md)", *_severities(tables[table]))
        for table in (*sorted(marts), *named)
    )


def _severities(suite: Suite) -> list[int]:
    found = [expectation.severity for expectation in suite.expectations]
    return [found.count(severity) for severity in _SEVERITIES]


def _table(suite: Suite) -> str:
    schema = {"candidate": "marts", "candidate_public": "public_release"}
    return f"{schema.get(suite.schema, suite.schema)}.{suite.table}"


def _history(measure: Measure) -> str:
    return _HISTORY.format(
        changes="".join(row(change.day, change.what) for change in measure.history),
        policy="".join(
            row(
                policy.since,
                policy.until or "",
                policy.words,
                f"`{policy.seed}`",
                policy.approved_by,
            )
            for policy in measure.policy
        ),
    )
