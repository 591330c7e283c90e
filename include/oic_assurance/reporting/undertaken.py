"""What a force undertook, as one page that a member of the Board can sign."""

from collections.abc import Iterator
from datetime import date
from operator import itemgetter

from oic_assurance.builds.force_folder import ForceFolder
from oic_assurance.builds.seeds import FROM, Row, Seed, Seeds
from oic_assurance.formats import NOTHING, long_day
from oic_assurance.formats import day as day_in_words
from oic_assurance.reporting.documents.over_time import deadline, over_time, source, target
from oic_assurance.reporting.paper.document import Block, Document, Section, Table

#: The seeds that the table of points shows.
_OF_POINTS = ("policy_point", "policy_point_owner")
#: The columns that every table of a policy shows last.
_LAST = ("effective_from", "effective_to", "approved_by", "source")
_SIGNATURES = ("For the policing body", "For the Chief Constable")


def undertaken(force: ForceFolder, seeds: Seeds, today: date) -> Document:
    """Return the page of what a force undertook: each row of each policy, with its source.

    The points have their targets and deadlines over time. `seeds` are those of the force's folder.
    """
    policy = [one for one in seeds.values() if "source" in one.columns and one.rows]
    awaiting = sum(_is_awaiting(row) for one in policy for row in one.rows)
    rows = sum(len(one.rows) for one in policy)
    first: list[Block] = [
        Table(
            "",
            ("Point", "Question", "Target", "Deadline", "Owner", "Source"),
            [_point(row, seeds) for row in seeds["point_words"].rows],
            widths=(2, 5, 2, 2, 2, 3),
        ),
        Table(
            "Signatures",
            ("", "Role", "Day", "Signature"),
            [(who, "", "", "") for who in _SIGNATURES],
            widths=(3, 4, 2, 6),
        ),
    ]
    rest = [_table(one) for one in policy if one.name not in _OF_POINTS]
    return Document(
        name=f"What {force.name} undertook",
        heading=f"What did {force.name} undertake?",
        body=force.name,
        as_at=long_day(today),
        about="Every row of the policy, with its source",
        answer=f"{rows} rows say what was undertaken, and {awaiting} of them await confirmation.",
        sentences=[
            "A row awaits confirmation if nobody has approved it, or if nobody has named the "
            "document that says so."
        ],
        first=[Section("The points", "points", first)],
        sections=[Section("All other rows of the policy", "policy", rest)],
        marking="OFFICIAL",
    )


def _point(words: Row, seeds: Seeds) -> tuple[str, ...]:
    code = words["point_code"]
    owners = [row for row in seeds["policy_point_owner"].rows if row["point_code"] == code]
    return (
        words["title"],
        words["question"],
        target(seeds, code),
        deadline(seeds, code),
        over_time(owners, itemgetter("owner_role")),
        source(seeds, code),
    )


def _table(seed: Seed) -> Table:
    shown = [name for name in seed.columns if name not in _LAST]
    last = [name for name in _LAST if name in seed.columns]
    head = [name.replace("_", " ") for name in (*shown, *last)]
    rows = [tuple(_cells(row, [*shown, *last])) for row in seed.rows]
    title = seed.name.removeprefix("policy_").replace("_", " ").capitalize()
    return Table(title, head, rows)


def _cells(row: Row, columns: list[str]) -> Iterator[str]:
    for name in columns:
        value = row[name]
        if value is None:
            yield NOTHING
        elif isinstance(value, bool):
            yield "yes" if value else "no"
        else:
            yield day_in_words(value) if name.endswith((FROM, "_to", "_on")) else str(value)


def _is_awaiting(row: Row) -> bool:
    said = (str(row.get(name, "")).strip().lower() for name in ("approved_by", "source"))
    return "awaiting confirmation" in said
