"""Write one step of a made-up world into the source databases and the dropzone.

A step is what the sources contain at one extraction. Tables and files have the form required by the
source contract.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import xlsxwriter
from psycopg import sql

from .clock import LONDON
from .model import KEYS, Delivery, Row, Step, Style

NARRATIVE = "NARRATIVE-MARKER-7319 the lorry was met at the services"
IDENTITY = "IDENTITY-MARKER-7319 a driver"
COLUMNS = {
    "Sessions": ("session_code", "session_date", "venue", "capacity"),
    "Attendance": ("session_code", "employee_no", "attended", "outcome"),
    "Plans": (
        *("plan_ref", "strand", "title", "owner_role", "version"),
        *("approved_date", "review_due_date", "evidence_ref"),
    ),
    "Questions": (
        *("question_ref", "raised_on", "point_code", "question", "asked_of"),
        *("answered_on", "status", "answer"),
    ),
    "Actions": (
        *("action_ref", "question_ref", "point_code", "action", "owner_role", "agreed_on"),
        *("due_on", "revised_due_on", "closed_on", "status", "evidence_ref"),
    ),
    "Milestones": ("plan_ref", "milestone", "due_date", "completed_date"),
}


def fill(step: Step, rms_url: str, intelligence_url: str, dropzone: Path) -> None:
    """Bring the sources to the state of a step.

    Afterwards the databases have exactly the rows of the step. The step's files are added to the
    dropzone, together with an unfinished file that no run may read.
    """
    for url, schema in ((rms_url, "rms"), (intelligence_url, "intel")):
        with psycopg.connect(url) as connection:
            for name, rows in step.tables.items():
                if name.startswith(schema + "."):
                    _fill_table(connection, name, rows)
    for delivery in step.files:
        write_file(delivery, dropzone / delivery.dataset / delivery.name)
    unfinished = dropzone / "hr" / "personnel" / "personnel_20990101.csv.part"
    unfinished.write_text("employee_no,coll", encoding="utf-8")


def _fill_table(connection: psycopg.Connection[Any], name: str, rows: list[Row]) -> None:
    """Delete a table's rows that are not in the step, and insert or update the other rows."""
    schema, table = name.split(".")
    key = KEYS[name]
    target = sql.Identifier(schema, table)
    keys = [row[key] for row in rows]
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE NOT ({} = ANY(%s))").format(target, sql.Identifier(key)),
        [keys],
    )
    full = [_with_secrets(name, row) for row in rows]
    columns = list(full[0])
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
        target,
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() for _ in columns),
        sql.Identifier(key),
        sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns
        ),
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[row[column] for column in columns] for row in full])


def _with_secrets(name: str, row: Row) -> Row:
    """Add a narrative and a source identity to a report.

    The contract marks these columns "in the source, **never extracted**".
    """
    if name != "intel.report":
        return row
    return {**row, "narrative": NARRATIVE, "source_identity": IDENTITY}


def write_file(delivery: Delivery, path: Path) -> None:
    """Write one file under a temporary name, then set its modification time and its final name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    if path.suffix == ".xlsx":
        _write_workbook(delivery, unfinished)
    else:
        text = _csv(delivery.sheets[""], delivery.style)
        unfinished.write_bytes(text.encode(delivery.style.encoding))
    stamp = delivery.mtime.timestamp()
    os.utime(unfinished, (stamp, stamp))
    unfinished.rename(path)


def _columns(rows: list[Row], sheet: str, style: Style) -> list[str]:
    columns = list(COLUMNS[sheet]) if sheet else list(rows[0]) if rows else COMPLETIONS
    return columns[::-1] if style.shuffled else columns


COMPLETIONS = [
    *("employee_no", "course_code", "module_code", "module_version", "status"),
    *("completed_at", "score"),
]


def _heading(column: str, style: Style) -> str:
    """Return a column's header in the style of the file.

    The contract allows headers "in another case, order or with blanks (`Employee No`)".
    """
    if style.header == "title":
        return column.replace("_", " ").title()
    return column.upper() if style.header == "upper" else column


def _text(column: str, value: Any, style: Style) -> str:
    """Return a value as a string in the style of the file.

    A moment is "Europe/London wall clock without an offset".
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(LONDON).strftime(style.moment_format)
    if isinstance(value, date):
        return value.strftime(style.date_format)
    if column == "employee_no" and style.lost_zeros:
        return str(int(value))
    return str(value)


def _csv(rows: list[Row], style: Style) -> str:
    """Return rows as CSV text with a header. Only values that need quotes are quoted."""
    columns = _columns(rows, "", style)
    lines = [style.delimiter.join(_heading(column, style) for column in columns)]
    for row in rows:
        cells = (_text(column, row[column], style) for column in columns)
        lines.append(style.delimiter.join(_quoted(cells)))
    return style.newline.join(lines) + style.newline


def _quoted(cells: Iterable[str]) -> list[str]:
    return [
        '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',;\t"\r\n') else cell
        for cell in cells
    ]


def _write_workbook(delivery: Delivery, path: Path) -> None:
    """Write a workbook. Its style decides whether dates and employee numbers are text cells.

    Otherwise dates are Excel dates, and employee numbers are numbers without leading zeros.
    """
    style = delivery.style
    with xlsxwriter.Workbook(path) as workbook:
        excel_date = workbook.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in delivery.sheets.items():
            sheet = workbook.add_worksheet(name)
            columns = _columns(rows, name, style)
            for place, column in enumerate(columns):
                sheet.write_string(0, place, _heading(column, style))
                for line, row in enumerate(rows, 1):
                    _write_cell(sheet, (line, place), column, row[column], style, excel_date)


def _write_cell(
    sheet: Any, where: tuple[int, int], column: str, value: Any, style: Style, excel_date: Any
) -> None:
    if value is None:
        return
    if isinstance(value, date) and style.encoding != "utf-16":
        sheet.write_datetime(*where, value, excel_date)
    elif column == "capacity" or (column == "employee_no" and style.lost_zeros):
        sheet.write_number(*where, int(value))
    else:
        sheet.write_string(*where, _text(column, value, style))
