"""The whole story of one record, as the build of a publication knew it, down to its raw rows."""

from dataclasses import dataclass
from datetime import datetime

from oic_assurance.errors import UsageError
from oic_assurance.operations.explain.kinds import Kind, kinds
from oic_assurance.operations.explain.provenance import Sought, Source, Version, sources, trace
from oic_assurance.operations.explain.workspace import Records
from oic_assurance.settings import Settings


@dataclass(frozen=True)
class Chapter:
    """A part of a story: rows of the models' own columns."""

    title: str
    rows: list[dict[str, object]]


@dataclass(frozen=True)
class Story:
    """A record, what the rules made of it, and where it came from."""

    publication_id: int
    as_at: datetime
    kind: str
    key: str
    chapters: list[Chapter]
    versions: list[Version]
    sources: list[Source]


def tell(settings: Settings, records: Records, kind: str, key: str) -> Story:
    """Return the story of a record; the look into raw is logged as a consultation.

    The records are those that `STORY_ROLE` reads: people are found through their pseudonym.

    Raises `UsageError` for a kind that there is not, or a record that the build did not know.
    """
    known = kinds()
    if kind not in known:
        raise UsageError(f"There is no kind of record '{kind}': choose one of {', '.join(known)}.")
    asked: dict[str, object] = {"key": key, "kind": kind}
    chapters = [
        Chapter(title, records.ask(query, asked)) for title, query in known[kind].chapters.items()
    ]
    if not chapters[0].rows:
        raise UsageError(
            f"Publication {records.publication.publication_id} knows no {kind} '{key}'."
        )
    versions = trace(settings, records, _sought(records, known[kind], asked), f"{kind} {key}")
    return Story(
        publication_id=records.publication.publication_id,
        as_at=records.publication.as_at,
        kind=kind,
        key=key,
        chapters=[chapter for chapter in chapters if chapter.rows],
        versions=versions,
        sources=sources(records, versions),
    )


def _sought(records: Records, kind: Kind, asked: dict[str, object]) -> list[Sought]:
    """Return what to look for in raw: keys that the models name, or numbers behind pseudonyms."""
    found = []
    for behind in kind.behind:
        rows = records.ask(behind.keys, asked)
        keys = tuple(sorted({str(row["key"]) for row in rows if row["key"] is not None}))
        if keys:
            at = rows[0].get("at")
            assert at is None or isinstance(at, datetime)  # noqa: S101 - for the type checker
            found.append(
                Sought(
                    behind.dataset, behind.table, behind.column, keys,
                    at or records.build.as_at,
                )
            )  # fmt: skip
    return found
