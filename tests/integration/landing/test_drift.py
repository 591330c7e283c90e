"""Files with changed columns: a new one is ignored, and a missing one stops only its dataset."""

import pytest

from tests.integration.landing.support import PERSONNEL, World, completion, person

PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


def drop(world: World, header: str, *rows: str) -> None:
    world.drop("hr/personnel/personnel_20260102.csv", "\n".join([header, *rows]) + "\n")


def columns(world: World, table: str) -> set[str]:
    query = "select column_name from information_schema.columns where table_name = %s"
    return {name for (name,) in world.query(query, table)}


def test_a_new_column_is_reported_and_not_landed(world: World) -> None:
    drop(world, f"{PERSONNEL},shoe_size", person("000001") + ",44")
    assert world.land(PEOPLE).rows_landed == 1
    [batch] = world.batches(PEOPLE)
    assert batch["notes"]["personnel"] == {"columns_kept_out": ["shoe_size"]}
    assert "shoe_size" not in columns(world, "personnel")


def test_a_column_that_is_never_extracted_is_not_reported_either(world: World) -> None:
    log = "governance/recommendations"
    rows = "event_at,point_code,party,status,Comment\n2026-01-05 10:00,HYDRA,FORCE,ok,the heron\n"
    world.drop(f"{log}/recommendation_log.csv", rows)
    assert world.land(log).rows_landed == 1
    [batch] = world.batches(log)
    assert "columns_kept_out" not in str(batch["notes"])
    assert "comment" not in columns(world, "recommendation_event")


def test_a_file_with_a_marking_is_refused(world: World) -> None:
    drop(world, f"{PERSONNEL},Protective Marking", person("000001") + ",SECRET")
    report = world.land(PEOPLE)
    assert report.rows_landed == 0
    [(_, reason)] = report.refused
    assert "the column Protective Marking may be a protective marking" in reason
    assert not list((world.settings.home / "batches" / PEOPLE).glob("*.gz"))


@pytest.mark.parametrize(
    ("header", "rows", "reason"),
    [
        (
            PERSONNEL.replace("start_date,", ""),
            ["000001,C1,OFFICER,PC,RESPONSE,T1,,"],
            "missing column start_date",
        ),
        (
            PERSONNEL,
            [person(f"{n:06d}", start=str(2_000_000 + n)) for n in range(30)],
            "30 of 30 rows break the source contract, which is over the tolerance of 20%: "
            "most often, start_date is not a date",
        ),
    ],
    ids=["missing", "retyped"],
)
def test_a_missing_or_retyped_column_stops_only_its_dataset(
    world: World, header: str, rows: list[str], reason: str
) -> None:
    world.personnel("20260101", "000009")
    drop(world, header, *rows)
    world.completions("20260102", completion("000001"))
    assert world.land(PEOPLE).refused == [("personnel_20260102.csv", reason)]
    assert list(world.state(PEOPLE, ())) == ["000009"]
    assert world.land(COMPLETIONS).rows_landed == 1
