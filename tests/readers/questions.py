"""The readers' queries and the answers to them.

The answers are the same for every publication of a trial, because all publications are copies of
one publication.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

PROJECT = Path(__file__).resolve().parents[2]
QUERIES = PROJECT / "include" / "bi" / "queries"
_PUBLICATION = "publication_id"
#: Matches the dashboard queries that readers do not run: a query that shows the publication time or
#: the publications before has a different answer for each publication, `public_release` changes
#: only with a release, and what is wrong now names the current publication.
_NOT_ALIKE = re.compile(r"published_at|position_as_published|from (public_release|state)\.")


@dataclass(frozen=True)
class Question:
    """A query of a dashboard, and the digest of its answer."""

    name: str
    text: str
    answer: str


@dataclass(frozen=True)
class Known:
    """The row counts and answers that every publication of a trial must have."""

    #: The number of rows of each table in the schema `marts`.
    rows: Mapping[str, int]
    questions: Sequence[Question]


def dashboard_queries() -> dict[str, str]:
    """Return the text of each dashboard query that readers can run, keyed by the query's name."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(QUERIES.glob("*.sql"))}
    return {name: text for name, text in texts.items() if not _NOT_ALIKE.search(text)}


def digest(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a hash of an answer that ignores the order of rows and the publication number."""
    kept = [place for place, name in enumerate(names) if name != _PUBLICATION]
    lines = sorted(repr([_plain(row[place]) for place in kept]) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def learn(url: str, queries: Mapping[str, str]) -> Known:
    """Return the present row counts of all marts and the present answers to the queries.

    Nothing may be published or rolled back while this function runs.
    """
    with psycopg.connect(url) as conn:
        tables = conn.execute(
            "select c.relname from pg_catalog.pg_class as c "
            "where c.relnamespace = 'marts'::regnamespace and c.relkind = 'p' order by 1"
        ).fetchall()
        rows = {}
        for (name,) in tables:
            count = sql.SQL("select count(*) from {}").format(sql.Identifier("marts", name))
            found = conn.execute(count).fetchone()
            rows[name] = int(found[0]) if found else 0
        questions = []
        for name, text in queries.items():
            cursor = conn.execute(text.encode())
            names = [column.name for column in cursor.description or ()]
            questions.append(Question(name, text, digest(names, cursor.fetchall())))
    return Known(rows, questions)


def _plain(value: Any) -> str:
    """Return a value as a string that is the same for every driver.

    ODBC delivers moments without time zones, and has fewer number types than PostgreSQL.
    """
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value)
    if isinstance(value, (int, float, Decimal)):
        return f"{float(value):.9g}"
    return str(value)
