"""The kinds of records whose history can be shown.

`kinds.yml` has the chapters of each history. Which source records are behind a record that measures
count, its evidence says (`evidence` in dbt_project/macros/measures/declared.sql).
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from oic_assurance.builds.declared import read_declared
from oic_assurance.errors import UnknownNameError
from oic_assurance.settings import PROJECT_ROOT
from oic_assurance.sources.declarations.yaml_lines import load_yaml

_RECORD = """
select * from {{intermediate}}.{relation}
where force_code = %(force)s and ({key})::text = %(key)s
"""
_EVIDENCE = """
select distinct source_key as key from {{intermediate}}.evidence
where
    force_code = %(force)s and record_kind = '{kind}' and record_ref = %(key)s
    and reading = '{reading}'
"""
# Evidence names an officer by the pseudonym of the event. The personnel file of that day counts.
_OFFICER = """
select distinct
    person.identifier as key, record.counts_from::timestamp at time zone 'Europe/London' as at
from {{intermediate}}.contribution as record
inner join {{staging_general}}.stg_identity__pseudonym as person using (force_code, officer_key)
where
    record.force_code = %(force)s and record.record_kind = '{kind}' and record.record_ref = %(key)s
    and person.is_person
"""
_NUMBER = """
select identifier as key from {staging_general}.stg_identity__pseudonym
where force_code = %(force)s and is_person and officer_key = %(key)s
"""


@dataclass(frozen=True)
class Behind:
    """A raw table whose rows belong to a history, and a query for the keys of those rows.

    `keys` is the query. Its column `key` holds the values to look for in `column` of the raw table.
    Its optional column `at` holds a moment: the version that was valid then is marked in the
    history. The default is the publication's as-at moment.
    """

    dataset: str
    table: str
    column: str
    keys: str


@dataclass(frozen=True)
class Kind:
    """One kind of record: the queries for the chapters of its history, and its raw tables.

    `chapters` maps each title to a query. The first chapter is the record itself.
    """

    chapters: dict[str, str]
    behind: tuple[Behind, ...]


def find_kind(name: str) -> Kind:
    """Return a kind of record.

    Raises:
        UnknownNameError: There is no such kind.
    """
    if name not in kinds():
        raise UnknownNameError("kind of record", name, kinds())
    return kinds()[name]


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return every kind of record, keyed by name."""
    file = resources.files("oic_assurance.operations.explain").joinpath("kinds.yml")
    described = load_yaml(file.read_text("utf-8"))
    shared = described.pop("shared")
    declared = read_declared(PROJECT_ROOT)
    found = {
        name: Kind(parts["chapters"], tuple(Behind(**one) for one in parts.get("behind", ())))
        for name, parts in described.items()
    }
    for name, record in declared.records.items():
        chapters = (
            found[name].chapters
            if name in found
            else {
                "The record": _RECORD.format(**record),
                "Figures that count it": shared["figures"],
            }
        )
        found[name] = Kind(chapters, tuple(_behind(name, record, declared.readings)))
    return found


def _behind(
    kind: str, record: Mapping[str, Any], readings: Mapping[str, Mapping[str, Any]]
) -> Iterator[Behind]:
    """Yield the raw tables that the rules read for a kind of record, as its evidence names them."""
    for one in record["evidence"]:
        name = one["reading"]
        reading = readings[name]
        query = _EVIDENCE.format(kind=kind, reading=name)
        if "officer_of" in reading:
            reading, query = readings["personnel"], _OFFICER.format(kind=kind)
        elif "through" in reading:
            # The rows through which they are named are behind the record already.
            continue
        elif reading.get("is_officer"):
            query = _NUMBER
        yield Behind(reading["dataset"], reading["table"], reading["named_by"], query)
