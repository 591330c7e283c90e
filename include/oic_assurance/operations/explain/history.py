"""The history of one record: what a publication's build computed for it, and its raw rows."""

from dataclasses import dataclass
from datetime import datetime

from oic_assurance.errors import UsageError
from oic_assurance.operations.explain.provenance import Row, Sought, trace
from oic_assurance.operations.explain.publication_records import Records
from oic_assurance.operations.explain.record_kinds import Kind, find_kind
from oic_assurance.warehouse.processing_log import officer_name

_BATCHES = """
select
    batch_id, dataset, kind, delivered_for, landed_at, source_place, landed_by as who, run_id,
    sha256, kept_as,
    exists (
        select from audit.batch_erasure as erasure
        where erasure.batch_id = batch.batch_id and erasure.in_normal_form
    ) as is_replaced
from audit.batch as batch
where batch_id = any(%(batches)s)
order by batch_id
"""
# Records whose marking has risen. Until they are erased, nobody may see that they exist.
_RECALLED = "select table_name, row_key from audit.recalled_record where force_code = %(force)s"


@dataclass(frozen=True)
class RecordHistory:
    """The history of a record: results of the rules, versions in raw, and their batches.

    `chapters` has rows of dbt models by title.
    """

    publication_id: int
    as_at: datetime
    kind: str
    key: str
    chapters: dict[str, list[Row]]
    versions: list[Row]
    sources: list[Row]


def get_history(records: Records, kind: str, key: str) -> RecordHistory:
    """Return the history of a record. Reading raw is logged as a consultation.

    `records` must be opened under `HISTORY_ROLE`, which can look up an officer's number from a
    pseudonym.

    Raises:
        UsageError: There is no such kind of record, or the build did not know the record.
        AssuranceError: The login may not read raw for the purpose of a dataset.
    """
    described, publication = find_kind(kind), records.publication
    asked: dict[str, object] = {"key": key, "kind": kind}
    chapters = {title: records.ask(query, asked) for title, query in described.chapters.items()}
    found = next(iter(chapters.values()))
    if not found:
        raise UsageError(f"Publication {publication.publication_id} has no {kind} '{key}'.")
    officers = {str(row["officer_key"]) for row in found if row.get("officer_key")}
    # Log entries are never changed, but pseudonyms can be replaced. So the log names an officer by
    # a keyed hash of the pseudonym.
    name = officer_name(records.settings, key) if kind == "officer" else key
    versions = trace(records, _sought(records, described, asked), f"{kind} {name}", officers)
    return RecordHistory(
        publication_id=publication.publication_id,
        as_at=publication.as_at,
        kind=kind,
        key=key,
        chapters={title: rows for title, rows in chapters.items() if rows},
        versions=versions,
        sources=records.ask(_BATCHES, {"batches": [one["batch_id"] for one in versions]}),
    )


def _sought(records: Records, kind: Kind, asked: dict[str, object]) -> list[Sought]:
    """Return which records to look for in raw: one entry for each raw table.

    Each raw table behind a kind of record has queries that find, in the build's tables, the keys of
    the records or the numbers of their officers.
    """
    keys: dict[tuple[str, str], dict[str, set[str]]] = {}
    moments: dict[tuple[str, str], datetime] = {}
    for behind in kind.behind:
        place = (behind.dataset, behind.table)
        for row in records.ask(behind.keys, asked):
            if row["key"] is not None:
                of_table = keys.setdefault(place, {})
                of_table.setdefault(behind.column, set()).add(str(row["key"]))
                if isinstance(at := row.get("at"), datetime):
                    moments.setdefault(place, at)
    recalled: dict[str, list[str]] = {}
    for row in records.ask(_RECALLED, {}):
        recalled.setdefault(str(row["table_name"]), []).append(str(row["row_key"]))
    return [
        Sought(
            *place,
            {column: sorted(values) for column, values in of_table.items()},
            moments.get(place, records.build.as_at),
            recalled.get(place[1], ()),
        )
        for place, of_table in keys.items()
    ]
