"""The expectations for every mart, and the decorator that makes a suite for one.

Every row must have the code of a police force and belong to the publication that is checked. No
mart may contain anything that identifies a person.

The model's YAML says which columns are filled, unique, in a list of codes or in another table.
PostgreSQL and dbt enforce that, and the gate records that they did. No suite checks it again.
"""

from collections.abc import Callable, Sequence

from expectations.shared.code_lists import sql_list
from expectations.shared.suite_definition import SuiteDefinition
from expectations.vocabulary import (
    ASSURANCE_LEAD,
    DATA_ENGINEERING,
    WARNING,
    Expectation,
    Stage,
    SuiteFunction,
    every_row,
    no_rows,
    sql,
)

# A column could hold a person's name or number, a marking or a narrative if its name contains one
# of these words.
_PROTECTED_NAMES = (
    "collar|employee_no|officer_no|surname|forename|first_name|last_name|full_name|birth"
    "|narrative|source_identity|e_?mail|phone|address|protective_marking"
)
# A collar number can be any string, so a single value that equals a collar number is no leak. A
# column leaks collar numbers if it has at least this many different values and most of them are
# collar numbers.
_FEWEST_VALUES_TO_JUDGE = 10

_PROTECTED_COLUMNS = """
select attname as column_name
from pg_catalog.pg_attribute
where attrelid = '{rows}'::regclass and attnum > 0 and not attisdropped and attname ~ '<<names>>'
"""

# A column fails if one of its values has six digits, as employee numbers have, or if most of its
# values are collar numbers. Columns in `source_text_columns` are not searched, because they hold
# references and names from a source.
_OFFICER_NUMBERS = """
with officer as (select distinct collar_no from {raw_general}.personnel)
select found.name as column_name
from ({texts}) as found
left join officer on found.value = officer.collar_no
where found.name not in (<<not_searched>>)
group by found.name
having bool_or(found.value ~ '^[0-9]{6}$')
    or (count(*) >= <<fewest>> and count(officer.collar_no) * 2 > count(*))
"""

# The national warehouse knows no officers, so it can only look for what has the form of a number.
_NUMBERS_LIKE_OFFICERS = """
select found.name as column_name
from ({texts}) as found
where found.name not in (<<not_searched>>) and found.value ~ '^[0-9]{6}$'
group by found.name
"""

# Every column is searched for e-mail addresses. Columns with text from a source are not searched
# for a title or rank with a name, such as "DS Smith", because the name of a unit, such as "DS
# Support", looks the same.
_CONTACT_DETAILS = r"""
select distinct found.name as column_name
from ({texts}) as found
where found.value ~ '[^@\s]+@[^@\s]+\.[a-z]{2,}'
    or (
        found.name not in (<<not_searched>>)
        and found.value ~ '\m(Mr|Mrs|Ms|Miss|PC|PS|DC|DS|DI|Sgt|Insp|Supt)\.? [A-Z][a-z]+\M'
    )
"""

# A text of twelve or more words counts as a narrative, because no code, name or reference is that
# long.
_NARRATIVES = r"""
select distinct found.name as column_name
from ({texts}) as found
where found.name not in (<<not_searched>>)
    and length(found.value) >= 60
    and found.value ~ '(\S+\s+){11}\S'
"""

_EVERY_MART = (
    every_row(
        "of_this_publication",
        "publication_id = {build_id}",
        description="Every row belongs to this publication.",
        columns=("publication_id",),
        dimension="integrity",
    ),
    every_row(
        "of_a_known_force",
        "force_code ~ '^[A-Z][0-9]{8}$'",
        description="Every row has the code of a police force.",
        columns=("force_code",),
        dimension="validity",
    ),
)


def mart_suite(
    table: str,
    *,
    one_row_per: Sequence[str],
    stage: Stage = "marts",
    public: bool = False,
    source_text_columns: Sequence[str] = (),
    sentence_columns: Sequence[str] = (),
) -> Callable[[SuiteFunction], SuiteDefinition]:
    """Decorate a function that returns expectations, so that it becomes the suite of a mart.

    `one_row_per` is the key of the mart within a force and publication. Rows that fail are recorded
    by their values in it. `public` is true for a mart
    of the public release. These marts have their own schema in a candidate.

    `source_text_columns` hold references and names as a source writes them. They can hold any
    string, so they are not searched for officer numbers or for ranks with names. The code and the
    name of a unit are such columns in every mart, because a unit without a name is shown by its
    code. `sentence_columns` hold whole sentences that the project wrote or that were stated in
    public. These columns are not searched for narratives.
    """
    key = tuple(one_row_per)
    not_searched = (*source_text_columns, "force_code", "org_unit_code", "org_unit_label")

    def shared(officer_numbers: str) -> tuple[Expectation, ...]:
        nobody = _nobody_named(not_searched, sentence_columns, officer_numbers)
        return (*_EVERY_MART, *nobody)

    def make(function: SuiteFunction) -> SuiteDefinition:
        return SuiteDefinition(
            function=function,
            stage=stage,
            dataset=f"public_{table}" if public else table,
            schema="candidate_public" if public else "candidate",
            table=table,
            key=key,
            owner=DATA_ENGINEERING,
            shared=shared(_OFFICER_NUMBERS),
            shared_national=shared(_NUMBERS_LIKE_OFFICERS),
        )

    return make


def _nobody_named(
    source_text_columns: Sequence[str], sentence_columns: Sequence[str], officer_numbers: str
) -> list[Expectation]:
    not_searched = sql_list(source_text_columns)
    return [
        no_rows(
            "no_protected_columns",
            sql(_PROTECTED_COLUMNS, names=_PROTECTED_NAMES),
            description="No column is for a person's name or number, a marking or a narrative.",
            dimension="privacy",
        ),
        no_rows(
            "no_officer_numbers",
            sql(
                officer_numbers,
                not_searched=not_searched,
                fewest=str(_FEWEST_VALUES_TO_JUDGE),
            ),
            description="No column holds employee or collar numbers of officers.",
            dimension="privacy",
        ),
        no_rows(
            "no_contact_details",
            sql(_CONTACT_DETAILS, not_searched=not_searched),
            description="No text has a person's name or contact details.",
            dimension="privacy",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
        ),
        no_rows(
            "no_narratives",
            sql(_NARRATIVES, not_searched=sql_list(("force_code", *sentence_columns))),
            description="No text is as long as a narrative.",
            dimension="privacy",
        ),
    ]


def officer_keys() -> Expectation:
    """Expect that officers appear only under their pseudonym, where the column is filled."""
    return every_row(
        "officer_key_is_a_pseudonym",
        "officer_key is null or officer_key ~ '^[0-9a-f]{32}$'",
        description="Every officer appears under a pseudonym, never under a number.",
        columns=("officer_key",),
        dimension="privacy",
    )


def not_later(column: str, description: str) -> Expectation:
    """Expect that a time is not after the publication's as-at moment."""
    return every_row(
        f"{column}_has_happened",
        f"{column} is null or {column} <= {{as_at}}",
        description=description,
        columns=(column,),
        dimension="validity",
    )
