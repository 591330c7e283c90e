"""Fill a dropzone with a file for every dataset, land the files, and return the raw rows."""

import dataclasses
import os
from datetime import UTC, date, datetime
from typing import Any

from psycopg.sql import SQL, Identifier

from oic_assurance.sources.declarations.load import datasets
from tests.integration.landing.support import World, completion, workbook

DROPPED_AT = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
FILE_DATASETS = [name for name, what in datasets().items() if what.kind == "file"]


def fill(world: World) -> None:
    """Put a file for every dataset into the dropzone.

    Each file's modification time is a whole second, which every file system can store.
    """
    world.personnel("20260112", *(f"{number:06}" for number in range(1, 2000)))
    world.completions("20260112", completion("000001", 80), completion("000002"))
    world.drop(
        "hr/org_unit/org_unit_20260112.csv",
        "org_unit_code,org_unit_name,parent_org_unit_code,kind\nF,Force,,FORCE\nT1,Team,F,TEAM\n",
    )
    world.drop(
        "governance/recommendations/recommendation_log.csv",
        "event_at,point_code,party,status,comment\n2025-05-01 10:00,HYDRA,FORCE,ACCEPTED,fine\n",
    )
    world.drop(
        "hydra/attendance/hydra_20260112.xlsx",
        workbook(
            {
                "Sessions": [
                    ["session_code", "session_date", "venue", "capacity"],
                    ["S1", date(2026, 1, 5), "Wootton Hall", 7],
                ],
                "Attendance": [
                    ["session_code", "employee_no", "attended", "outcome"],
                    ["S1", 1, "Y", "PASS"],
                ],
            }
        ),
    )
    world.drop(
        "governance/plans/plan_register.xlsx",
        workbook(
            {
                "Plans": [
                    ["plan_ref", "strand", "title", "owner_role", "version", "approved_date",
                     "review_due_date", "evidence_ref"],
                    ["P1", "COLLECT", "Collection plan", "Head", "1.0", date(2025, 11, 1),
                     date(2026, 11, 1), "E1"],
                ],
                "Milestones": [
                    ["plan_ref", "milestone", "due_date", "completed_date"],
                    ["P1", "Signed off", date(2025, 10, 1), None],
                ],
            }
        ),
    )  # fmt: skip
    world.drop(
        "governance/board/board_log.xlsx",
        workbook(
            {
                "Questions": [
                    ["question_ref", "raised_on", "point_code", "question", "asked_of",
                     "answered_on", "status", "answer"],
                    ["Q-1", date(2026, 1, 7), "HYDRA", "What has been done?", "Chief Constable",
                     None, "OPEN", None],
                ],
                "Actions": [
                    ["action_ref", "question_ref", "point_code", "action", "owner_role",
                     "agreed_on", "due_on", "revised_due_on", "closed_on", "status",
                     "evidence_ref"],
                    ["A-1", "Q-1", "HYDRA", "Book the remaining places.", "Head of Learning",
                     date(2026, 1, 7), date(2026, 4, 1), None, None, "OPEN", None],
                ],
            }
        ),
    )  # fmt: skip
    for path in world.dropzone.rglob("*.*"):
        os.utime(path, (DROPPED_AT.timestamp(), DROPPED_AT.timestamp()))


def move(world: World, url: str) -> None:
    """Change the test's settings, so that files are landed from the dropzone at another URL."""
    world.settings = dataclasses.replace(world.settings, dropzone=url)


def land_all(world: World) -> dict[str, Any]:
    """Land every dataset that is delivered as files. Return the batches and the raw rows."""
    found: dict[str, Any] = {}
    for name in FILE_DATASETS:
        report = world.land(name)
        assert (report.batches, report.rows_rejected, report.refused) == (1, 0, []), name
        found[name] = [
            (batch["sha256"], batch["delivered_for"], batch["row_count"])
            for batch in world.batches(name)
        ]
        what = datasets()[name]
        for table in what.tables:
            rows = world._warehouse().execute(
                SQL("select to_jsonb(t) - array['batch_id', 'landed_at'] from {} as t").format(
                    Identifier(what.raw_schema, table.name)
                )
            )
            found[table.name] = sorted(str(row) for row in rows)
            assert found[table.name]
    return found
