"""Load a CSV file of completed training modules with polars or with dlt, as a peer of landing.

`.venv-benchmarks/bin/python benchmarks/file_peers.py polars|dlt FILE`

Both check the four rules that bad rows of the benchmark's file break, and store each bad row with
all its reasons. polars fills tables of schema `bench`, and dlt makes its own schema `bench_dlt`.
WAREHOUSE_URL names the warehouse, and DLT_FOLDER an empty folder. This module runs in an
environment of its own (`make setup-benchmarks`), without the packages of this project.
"""

import csv
import hashlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

NAMES = (
    *("employee_no", "course_code", "module_code", "module_version"),
    *("status", "completed_at", "score"),
)
KEY = NAMES[:-1]
CODES = ("ENROLLED", "IN_PROGRESS", "COMPLETED", "FAILED")
CHUNK_BYTES = 256 * 1024


def load_with_polars(path: str) -> None:
    """Load a file with polars: into raw's columns, with a key and a fingerprint of each row."""
    import polars as pl
    import psycopg

    rows = pl.scan_csv(path, infer_schema=False, row_index_name="row_number", row_index_offset=1)
    number, status = pl.col("employee_no"), pl.col("status")
    given = pl.col("completed_at")
    moment = pl.coalesce(
        given.str.to_datetime(form, strict=False)
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M")
    ).dt.replace_time_zone("Europe/London", ambiguous="earliest", non_existent="null")
    rules = {
        "employee_no is missing": number.is_null(),
        "employee_no is not a number of up to 6 digits": ~number.str.contains("^[0-9]{1,6}$"),
        "status is not one of the codes": ~status.is_in(CODES),
        "completed_at is missing": given.is_null() & (status == "COMPLETED"),
        "completed_at is not a date and time": given.is_not_null() & moment.is_null(),
        "key occurs more than once": pl.struct(KEY).is_duplicated(),
    }
    reasons = [pl.when(rule).then(pl.lit(reason)) for reason, rule in rules.items()]
    checked = rows.with_columns(
        reasons=pl.concat_str(reasons, separator="; ", ignore_nulls=True),
        completed_at_text=given,
        completed_at=moment.dt.convert_time_zone("UTC"),
        completed_at_is_ambiguous=pl.lit(value=False),
        row_key=pl.concat_str(KEY, separator=",", ignore_nulls=True),
        row_fingerprint=pl.struct(NAMES).hash().cast(pl.String),
    ).collect()
    good = checked.filter(pl.col("reasons") == "").drop("reasons")
    bad = checked.filter(pl.col("reasons") != "").select(
        "row_number", "reasons", pl.struct(NAMES).struct.json_encode().alias("content")
    )
    with psycopg.connect(os.environ["WAREHOUSE_URL"]) as connection:
        for table, frame in (("completion_shape", good), ("rejected", bad)):
            statement = f"copy bench.{table} ({', '.join(frame.columns)}) from stdin (format csv)"
            with connection.cursor().copy(statement.encode()) as copy:
                for part in frame.iter_slices(10_000):
                    copy.write(part.write_csv(include_header=False))


def load_with_dlt(path: str) -> None:
    """Load a file with dlt: a pipeline with a resource that checks each row in Python."""
    import dlt
    from dlt.destinations import postgres

    def completions() -> Iterator[Any]:
        with Path(path).open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=1):
                moment, reasons = _checked(row)
                if reasons:
                    bad = {"row_number": number, "reasons": "; ".join(reasons), "content": str(row)}
                    yield dlt.mark.with_table_name(bad, "rejected")
                    continue
                key = ",".join(row[name] for name in KEY)
                yield row | {
                    "completed_at": moment,
                    "completed_at_text": row["completed_at"],
                    "score": int(row["score"]) if row["score"] else None,
                    "row_number": number,
                    "row_key": key,
                    "row_fingerprint": hashlib.md5(  # noqa: S324 - as fast as a hash can be here
                        f"{key},{row['score']}".encode()
                    ).hexdigest(),
                }

    pipeline = dlt.pipeline(
        "benchmark",
        destination=postgres(os.environ["WAREHOUSE_URL"]),
        dataset_name="bench_dlt",
        pipelines_dir=os.environ["DLT_FOLDER"],
    )
    resource = dlt.resource(
        completions(),
        name="completion",
        write_disposition="append",
        columns={"completed_at": {"data_type": "timestamp"}, "score": {"data_type": "bigint"}},
    )
    pipeline.run(resource, loader_file_format="csv").raise_on_failed_jobs()


def _checked(row: dict[str, str]) -> tuple[datetime | None, list[str]]:
    """Return the moment of a row and the reasons to reject the row."""
    reasons = []
    number, given = row["employee_no"], row["completed_at"]
    if not number:
        reasons.append("employee_no is missing")
    elif not (number.isdigit() and len(number) <= 6):
        reasons.append("employee_no is not a number of up to 6 digits")
    if row["status"] not in CODES:
        reasons.append("status is not one of the codes")
    if given:
        moment = _moment(given)
        if moment is None:
            reasons.append("completed_at is not a date and time")
        return moment, reasons
    if row["status"] == "COMPLETED":
        reasons.append("completed_at is missing")
    return None, reasons


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.strptime(text, "%d/%m/%Y %H:%M")  # noqa: DTZ007 - set below
        except ValueError:
            return None
    return moment.replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


if __name__ == "__main__":
    {"polars": load_with_polars, "dlt": load_with_dlt}[sys.argv[1]](sys.argv[2])
