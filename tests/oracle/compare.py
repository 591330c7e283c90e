"""Read `marts` as the login `bi`, and list the differences from the oracle."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from .compare_training import compare_training
from .contract import COLUMNS
from .figures import Figures
from .model import Row
from .policy import POINTS, current
from .questions import SHOWN
from .tally import point_of

#: Tables that the mart contract does not list, but that the oracle computes and compares too.
MORE = (
    "board_log_question",
    "restore_proof",
    "assurance_position_day",
    "assurance_voice",
    "assurance_voice_month",
    "assurance_disagreement",
)

#: The tables that show more than the current publication.
OF_ALL_PUBLICATIONS = ("publication", "position_as_published")


@dataclass(frozen=True)
class Difference:
    """One value that differs between the marts and the oracle.

    `oracle` and `mart` are the two values. The difference is `soft` if the contract leaves the
    answer open.
    """

    table: str
    key: str
    column: str
    oracle: Any
    mart: Any
    soft: bool = False

    def __str__(self) -> str:
        """Return the difference as one line."""
        mark = "~" if self.soft else "!"
        where = f"{self.table}[{self.key}].{self.column}"
        return f"{mark} {where}: oracle {self.oracle!r}, mart {self.mart!r}"


Found = Iterator[Difference]


def same(expected: Any, actual: Any) -> bool:
    """Return whether two values are the same. Numbers may differ by a rounding error."""
    if isinstance(actual, Decimal):
        actual = float(actual)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(expected, datetime) != isinstance(actual, datetime):
        return False
    return bool(expected == actual)


class Marts:
    """The rows of all compared tables, read once. `missing` has the error of each missing table."""

    def __init__(self, bi_url: str) -> None:
        self.tables: dict[str, list[Row]] = {}
        self.missing: dict[str, str] = {}
        others = {row["point_code"] for row in current.policy["policy_point"]} - {*POINTS}
        with psycopg.connect(bi_url, row_factory=dict_row, autocommit=True) as connection:
            for table in (*COLUMNS, *MORE):
                query = sql.SQL("SELECT * FROM marts.{}").format(sql.Identifier(table))
                try:
                    rows = connection.execute(query).fetchall()
                    self.tables[table] = [
                        row for row in rows if row.get("point_code") not in others
                    ]
                except psycopg.Error as error:
                    self.missing[table] = str(error).strip()
                    self.tables[table] = []


def compare(figures: Figures, bi_url: str) -> list[Difference]:
    """Return every difference between the oracle and the marts."""
    marts = Marts(bi_url)
    found = list(_shape(marts))
    found += _referrals(figures, marts)
    found += _keyed(figures.incidents, marts, "fct_oic_incident", "occurrence_ref")
    found += _keyed(figures.reports, marts, "fct_intelligence_report", "report_urn")
    found += _measures(figures, marts)
    found += _positions(figures, marts)
    found += _dated(figures.daily, marts, "assurance_position_day", "point_code", "day")
    found += _dated(
        figures.view_rows, marts, "assurance_voice", "point_code", "voice", "changed_on"
    )
    found += _dated(figures.voice_months, marts, "assurance_voice_month", "voice", "period_start")
    found += _dated(
        figures.disagreements, marts, "assurance_disagreement", "point_code", "disagreed_from"
    )
    found += _dated(figures.control, marts, "assurance_spc", "measure_code", "period_start")
    found += _exceptions(figures, marts)
    found += _questions(figures, marts)
    found += _as_published(marts)
    found += _strands(figures, marts)
    found += _keyed(
        {ref: asdict(row) for ref, row in figures.board_actions.items()},
        marts,
        "board_action",
        "action_ref",
    )
    found += _keyed(figures.board_questions, marts, "board_log_question", "question_ref")
    found += _freshness(figures, marts)
    found += _restore(marts)
    keys = {
        row["officer_key"]: figures.referrals[row["referral_ref"]].person
        for row in marts.tables["fct_nccu_referral"]
        if row["referral_ref"] in figures.referrals
    }
    for parts in compare_training(figures, marts.tables["fct_training_requirement"], keys):
        found.append(Difference("fct_training_requirement", *parts))
    return found


def compare_restatement(before: Figures, after: Figures, bi_url: str) -> list[Difference]:
    """Compare the table `restatement` after two runs that are as at the same moment.

    The rows of a figure have its value before and after, and the part of the change that each cause
    explains. If the values differ from the oracle's, the difference is soft. If the parts do not
    add up to the whole change, the difference is not soft.
    """
    rows: dict[tuple[str, date, str], list[Row]] = defaultdict(list)
    computed = {measure for measure, _, _ in after.measures}
    for row in Marts(bi_url).tables["restatement"]:
        if row["measure_code"] not in computed:  # Contract: "more … are welcome".
            continue
        rows[row["measure_code"], row["period_start"], row["org_unit_code"]].append(row)
    found = []
    for key in sorted(before.measures.keys() | after.measures.keys() | rows.keys()):
        old, new = before.measures.get(key), after.measures.get(key)
        wanted = (old.value if old else None, new.value if new else None)
        changed = not same(*wanted)
        got = [(row["value_before"], row["value_after"], row["cause"]) for row in rows[key]]
        starts, ends = [pair[0] for pair in got], [pair[1] for pair in got]
        right = any(same(wanted[0], v) for v in starts) and any(same(wanted[1], v) for v in ends)
        if changed != bool(got) or (changed and not right):
            found.append(Difference("restatement", _name(key), "value", wanted, got, True))
        change = (wanted[1] or 0) - (wanted[0] or 0)
        parts = sum(float(row["value_change"]) for row in rows[key])
        if changed and not same(change, parts):
            found.append(Difference("restatement", _name(key), "value_change", change, parts))
    return found


def _shape(marts: Marts) -> Found:
    """Check that every table has the contract's columns and shows only the current publication."""
    current = [r for r in marts.tables["publication"] if r.get("is_current")]
    publication = current[0]["publication_id"] if len(current) == 1 else None
    if len(current) != 1:
        yield Difference("publication", "*", "is_current", "one row", len(current))
    for table, columns in COLUMNS.items():
        if table in marts.missing:
            yield Difference(table, "*", "*", "a table", marts.missing[table])
        for row in marts.tables[table][:1]:
            lacking = [c for c in (*columns, "force_code") if c not in row]
            if lacking:
                yield Difference(table, "*", ",".join(lacking), "columns", None)
        shown = {row.get("publication_id") for row in marts.tables[table]}
        if table not in OF_ALL_PUBLICATIONS and shown and shown != {publication}:
            yield Difference(table, "*", "publication_id", publication, shown)


def _keyed(expected: dict[str, Row], marts: Marts, table: str, key: str) -> Found:
    """Compare the rows of a table that has one key column. The key must be unique."""
    actual = {row[key]: row for row in marts.tables[table]}
    if len(actual) != len(marts.tables[table]):
        yield Difference(table, "*", key, "unique", "repeated")
    for ref in sorted(expected.keys() | actual.keys()):
        if ref not in actual:
            yield Difference(table, ref, "*", "a row", None)
        elif ref not in expected:
            yield Difference(table, ref, "*", None, "a row")
        else:
            yield from _columns(table, ref, expected[ref], actual[ref])


SOFT = {("fct_oic_incident", "intelligence_count"), ("fct_oic_incident", "referral_count")}


def _columns(table: str, key: str, expected: Row, actual: Row) -> Found:
    for column, value in expected.items():
        if not same(value, actual.get(column)):
            soft = (table, column) in SOFT
            yield Difference(table, key, column, value, actual.get(column), soft)


def _referrals(figures: Figures, marts: Marts) -> Found:
    """Compare `fct_nccu_referral`.

    Also checks that each officer has the same key in all referrals, and each key belongs to one
    officer.
    """
    expected = {}
    for ref, fact in figures.referrals.items():
        expected[ref] = {
            k: v for k, v in asdict(fact).items() if k not in ("referral_ref", "person")
        }
    yield from _keyed(expected, marts, "fct_nccu_referral", "referral_ref")
    keys, persons = defaultdict(set), defaultdict(set)
    for row in marts.tables["fct_nccu_referral"]:
        found = figures.referrals.get(row["referral_ref"])
        if found and found.person[0] == "employee":
            keys[found.person].add(row["officer_key"])
            persons[row["officer_key"]].add(found.person)
    for person, used in keys.items():
        if len(used) > 1 or None in used:
            yield Difference("fct_nccu_referral", person[1], "officer_key", "one key", used)
    for officer, people in persons.items():
        if len(people) > 1:
            yield Difference("fct_nccu_referral", str(officer), "officer_key", "one", people)


def _measures(figures: Figures, marts: Marts) -> Found:
    """Compare `assurance_measure` by measure, month and unit."""
    table = "assurance_measure"
    actual: dict[tuple[str, date, str], Row] = {}
    for row in marts.tables[table]:
        key = (row["measure_code"], row["period_start"], row["org_unit_code"])
        if key in actual:
            yield Difference(table, _name(key), "*", "unique", "repeated")
        actual[key] = row
    known = {key[0] for key in figures.measures}
    for key in sorted(figures.measures.keys() | actual.keys()):
        wanted, got = figures.measures.get(key), actual.get(key)
        if got is None and wanted is not None:
            yield Difference(table, _name(key), "*", wanted, None, wanted.denominator == 0)
        elif wanted is None and got is not None:
            if key[0] in known:  # Contract: "more … are welcome".
                yield Difference(table, _name(key), "*", None, _short(got), not got["denominator"])
        elif wanted is not None and got is not None:
            yield from _columns(table, _name(key), asdict(wanted), got)
            yield from _columns(table, _name(key), {"point_code": point_of(key[0])}, got)


def _name(key: tuple[str, date, str]) -> str:
    return f"{key[0]} {key[1]:%Y-%m} {key[2]}"


def _short(row: Row) -> str:
    return f"{row['numerator']}/{row['denominator']} = {row['value']}"


def _positions(figures: Figures, marts: Marts) -> Found:
    """Compare `assurance_position`.

    The columns with the deadline position must be null, because nothing had been landed on the
    deadline days.
    """
    table = "assurance_position"
    expected = {}
    for point, position in figures.positions.items():
        row = asdict(position) | asdict(figures.forecasts[point])
        row["as_at"] = figures.as_at
        row["disagrees_since"] = next(
            (
                since
                for (of, since), stretch in figures.disagreements.items()
                if of == point and stretch.disagreed_until is None
            ),
            None,
        )
        row["disagrees"] = row["disagrees_since"] is not None
        row["value_at_deadline_known_then"] = None
        row["status_at_deadline_known_then"] = None
        expected[point] = row
    yield from _keyed(expected, marts, table, "point_code")


def _dated(expected: Mapping[Any, Any], marts: Marts, table: str, *key: str) -> Found:
    """Compare the rows of a table whose key has several columns, such as a point and a day."""
    of_measures = {first for first, *_ in expected} if key[0] == "measure_code" else None
    actual = {
        tuple(row[name] for name in key): row
        for row in marts.tables[table]
        if of_measures is None or row["measure_code"] in of_measures
    }
    for found in sorted(expected.keys() | actual.keys()):
        name, wanted, got = " ".join(map(str, found)), expected.get(found), actual.get(found)
        if wanted is None or got is None:
            yield Difference(table, name, "*", wanted, got)
        else:
            yield from _columns(table, name, asdict(wanted), got)


def _exceptions(figures: Figures, marts: Marts) -> Found:
    """Compare `assurance_exception` by code, record, unit and start.

    Several exceptions can have the same four values. Then the oracle and the mart must have the
    same number of them.
    """
    table = "assurance_exception"
    columns = ("exception_code", "record_ref", "org_unit_code", "opened_at")
    actual = Counter(tuple(row[name] for name in columns) for row in marts.tables[table])
    for found in figures.exceptions.keys() | actual.keys():
        wanted, got = figures.exceptions[found], actual[found]
        if wanted != got:
            yield Difference(table, " ".join(map(str, found)), "*", wanted, got)


def _questions(figures: Figures, marts: Marts) -> Found:
    """Compare `board_question` by point: which questions, in which order, with which figures.

    For a question about a source that is not fresh, the day `since` is not compared.
    """
    table = "board_question"
    columns = ("rule_code", "org_unit_code", "numerator", "denominator")
    more = ("reference_numerator", "reference_denominator", "since")
    for point, asked in figures.questions.items():
        rows = sorted(
            (row for row in marts.tables[table] if row["point_code"] == point),
            key=lambda row: int(row["rank"]),
        )
        names = (*columns, *more)
        got = [_of_a_question({name: row[name] for name in names}) for row in rows]
        wanted = [_of_a_question({name: asdict(one)[name] for name in names}) for one in asked]
        if got != wanted[:SHOWN]:
            yield Difference(table, point, "*", wanted[:SHOWN], got)


def _of_a_question(row: Row) -> Row:
    return {**row, "since": None if row["rule_code"].endswith("_SOURCE") else row["since"]}


def _as_published(marts: Marts) -> Found:
    """Compare the current rows of `position_as_published` with `assurance_position`."""
    table = "position_as_published"
    shown = {row["point_code"]: row for row in marts.tables["assurance_position"]}
    now = {row["point_code"]: row for row in marts.tables[table] if row["is_current"]}
    if shown.keys() != now.keys():
        yield Difference(table, "*", "point_code", set(shown), set(now))
    for point in shown.keys() & now.keys():
        wanted = {name: shown[point][name] for name in now[point] if name in shown[point]}
        yield from _columns(table, point, wanted, now[point])


def _strands(figures: Figures, marts: Marts) -> Found:
    """Compare `fct_plan_strand`.

    Each row shows one plan of its strand. If the contract allows several plans, the row may show
    any of them.
    """
    table = "fct_plan_strand"
    actual = {row["strand"]: row for row in marts.tables[table]}
    for strand, wanted in figures.strands.items():
        row = actual.get(strand)
        if row is None:
            yield Difference(table, strand, "*", "a row", None)
            continue
        if row["is_met"] is not wanted["is_met"]:
            yield Difference(table, strand, "is_met", wanted["is_met"], row["is_met"])
        if row["is_met_on_time"] is not wanted["is_met_on_time"]:
            got = row["is_met_on_time"]
            yield Difference(table, strand, "is_met_on_time", wanted["is_met_on_time"], got, True)
        names = ("plan_ref", "has_owner", "approved_on", "review_due_on", "has_evidence")
        shown = tuple(row[name] for name in names)
        if wanted["plans"] and shown not in wanted["plans"]:
            yield Difference(table, strand, ",".join(names), wanted["plans"], shown)


def _freshness(figures: Figures, marts: Marts) -> Found:
    """Compare the freshness of every dataset. A dataset's name may have `.` instead of `/`."""
    table = "source_freshness"
    seen = set()
    for row in marts.tables[table]:
        source = row["dataset"].replace(".", "/")
        seen.add(source)
        wanted = figures.verdicts.get(source)
        if wanted is None:
            yield Difference(table, row["dataset"], "dataset", "a known dataset", None)
        elif row["verdict"] != wanted:
            yield Difference(table, row["dataset"], "verdict", wanted, row["verdict"])
        newest = figures.newest.get(source, row["last_record_at"])
        if row["last_record_at"] != newest:
            yield Difference(table, row["dataset"], "last_record_at", newest, row["last_record_at"])
        due = figures.due.get(source)
        if due is not None and row["due_by"] != due:
            yield Difference(table, row["dataset"], "due_by", due, row["due_by"], True)
    for source in figures.verdicts.keys() - seen:
        yield Difference(table, source, "*", "a row", None)


def _restore(marts: Marts) -> Found:
    """Compare `restore_proof`. The oracle's worlds have no back-ups, so nothing is proven."""
    table = "restore_proof"
    for row in marts.tables[table]:
        shown = {name for name, value in row.items() if value is not None}
        wanted = {"force_code", "publication_id", "verdict", "verdict_label"}
        if row["verdict"] != "unknown":
            yield Difference(table, "*", "verdict", "unknown", row["verdict"])
        if shown != wanted:
            yield Difference(table, "*", "*", wanted, shown)
    if len(marts.tables[table]) != 1:
        yield Difference(table, "*", "*", "one row", len(marts.tables[table]))
