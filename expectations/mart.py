"""What every table of a publication promises its readers.

`mart` makes a suite of a function and adds what all marts promise: a key that holds, the right
force and publication, and nothing that names a person.
"""

from collections.abc import Callable, Sequence

from expectations.codes import listed
from expectations.definition import SuiteDefinition
from expectations.vocabulary import (
    ASSURANCE_LEAD,
    DATA_ENGINEERING,
    WARNING,
    Promise,
    Stage,
    SuiteFunction,
    every_row,
    filled,
    flatten,
    nothing,
    sql,
    unique,
)

# Column names under which a person, a number of theirs or a story could be published.
_PROTECTED_NAMES = (
    "collar|employee_no|officer_no|surname|forename|first_name|last_name|full_name|birth"
    "|narrative|source_identity|e_?mail|phone|address|protective_marking"
)
# A collar number is any text, so one code that happens to be somebody's number is no leak: most of
# a column's many values are.
_FEWEST_VALUES_TO_JUDGE = 10

_PROTECTED_COLUMNS = """
select attname as column_name
from pg_catalog.pg_attribute
where attrelid = '{rows}'::regclass and attnum > 0 and not attisdropped and attname ~ '<<names>>'
"""

# Text that a source wrote as a reference or a name is no leak.
_OFFICER_NUMBERS = """
select found.name as column_name
from ({texts}) as found
left join (select distinct collar_no from {raw_general}.personnel) as officer
    on found.value = officer.collar_no
where found.name not in (<<open>>)
group by found.name
having bool_or(found.value ~ '^[0-9]{6}$')
    or (count(*) >= <<fewest>> and count(officer.collar_no) * 2 > count(*))
"""

# What sources write may begin like a rank (a unit called DS Support), but is no address.
_CONTACT_DETAILS = r"""
select distinct found.name as column_name
from ({texts}) as found
where found.value ~ '[^@\s]+@[^@\s]+\.[a-z]{2,}'
    or (
        found.name not in (<<open>>)
        and found.value ~ '\m(Mr|Mrs|Ms|Miss|PC|PS|DC|DS|DI|Sgt|Insp|Supt)\.? [A-Z][a-z]+\M'
    )
"""

# A dozen words: no code, name or reference has as many.
_NARRATIVES = r"""
select distinct found.name as column_name
from ({texts}) as found
where found.name not in (<<open>>)
    and length(found.value) >= 60
    and found.value ~ '(\S+\s+){11}\S'
"""

_UNKNOWN_UNITS = """
select distinct fact.<<column>>
from {rows} as fact
where not exists (
    select
    from {candidate}.dim_org_unit as unit
    where unit.force_code = fact.force_code and unit.org_unit_code = fact.<<column>>
)
"""


def mart(
    table: str,
    *,
    one_row_per: Sequence[str],
    stage: Stage = "marts",
    public: bool = False,
    names_from_sources: Sequence[str] = (),
    our_words: Sequence[str] = (),
) -> Callable[[SuiteFunction], SuiteDefinition]:
    """Make a function the suite of a mart.

    `names_from_sources` are columns that hold references and names as the sources write them: any
    text can stand there, so they are not searched for what looks like a person's number.
    `our_words` are columns of whole sentences, which we wrote or somebody said in public.
    """
    key = tuple(one_row_per)
    open_columns = (*names_from_sources, "force_code", "org_unit_code")

    def make(function: SuiteFunction) -> SuiteDefinition:
        return SuiteDefinition(
            function=function,
            stage=stage,
            dataset=f"public_{table}" if public else table,
            schema="candidate_public" if public else "candidate",
            table=table,
            key=key,
            owner=DATA_ENGINEERING,
            shared=flatten([*_every_mart(key), *_no_persons(open_columns, our_words)]),
        )

    return make


def _every_mart(key: tuple[str, ...]) -> list[Promise | tuple[Promise, ...]]:
    return [
        filled("force_code", *key, words="Every row says its {column}."),
        unique(
            "publication_id", "force_code", *key, words="There are no two rows for the same thing."
        ),
        every_row(
            "of_this_publication",
            "publication_id = {build_id}",
            words="Every row belongs to this publication and to no other.",
            columns=("publication_id",),
            dimension="integrity",
        ),
        every_row(
            "of_a_known_force",
            "force_code ~ '^[A-Z][0-9]{8}$'",
            words="Every row says which police force it is about.",
            columns=("force_code",),
            dimension="validity",
        ),
    ]


def _no_persons(open_columns: Sequence[str], our_words: Sequence[str]) -> list[Promise]:
    not_searched = listed(tuple(open_columns))
    return [
        nothing(
            "no_protected_columns",
            sql(_PROTECTED_COLUMNS, names=_PROTECTED_NAMES),
            words="No column is there for a person's name or number, a marking or a narrative.",
            dimension="privacy",
        ),
        nothing(
            "no_officer_numbers",
            sql(_OFFICER_NUMBERS, open=not_searched, fewest=str(_FEWEST_VALUES_TO_JUDGE)),
            words="No column holds officers' employee or collar numbers.",
            dimension="privacy",
        ),
        nothing(
            "no_contact_details",
            sql(_CONTACT_DETAILS, open=not_searched),
            words="No text names somebody or says how to reach them.",
            dimension="privacy",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
        ),
        nothing(
            "no_narratives",
            sql(_NARRATIVES, open=listed(("force_code", *our_words))),
            words="No column tells what happened: no text is as long as a narrative.",
            dimension="privacy",
        ),
    ]


def officer_keys(column: str = "officer_key", *, always: bool = True) -> tuple[Promise, ...]:
    """Promise that officers appear under their pseudonym and under nothing else."""
    promises: list[Promise] = [
        every_row(
            f"{column}_is_a_pseudonym",
            f"{column} is null or {column} ~ '^[0-9a-f]{{32}}$'",
            words="Officers appear under a pseudonym, never under a number of theirs.",
            columns=(column,),
            dimension="privacy",
        )
    ]
    if always:
        promises += filled(column, words="Every row says which officer it is about, by pseudonym.")
    return tuple(promises)


def known_unit(column: str = "org_unit_code") -> Promise:
    """Promise that a unit is one of the publication's units."""
    return nothing(
        f"{column}_known",
        sql(_UNKNOWN_UNITS, column=column),
        words="Every unit that is named is one of the units of the publication.",
        columns=(column,),
        dimension="integrity",
    )


def not_later(column: str, words: str) -> Promise:
    """Promise that a moment is not after the one that the publication is for."""
    return every_row(
        f"{column}_has_happened",
        f"{column} is null or {column} <= {{as_at}}",
        words=words,
        columns=(column,),
        dimension="validity",
    )
