"""Handmade content of a release."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from oic_assurance.publishing.releases import Release, ReleaseContent, Row

PUBLISHER: dict[str, str | None] = {
    "publisher": "Example Constabulary",
    "publisher_url": "https://example.invalid/figures",
    "contact": "Assurance team",
    "contact_email": "assurance@example.invalid",
    "contact_phone": "101",
    "licence": "A licence, version 1",
    "licence_url": "https://example.invalid/licence",
    "next_release": "2026-08-01",
    "pre_release_access": "Nobody outside the team",
}
#: A string with every character that CSV, HTML or a spreadsheet could misread.
AWKWARD = 'North, "old"\r\n<b>=1+1</b> Ŵ'


def release_content(**notes: Any) -> ReleaseContent:
    """Return the content of a release. `notes` replaces some of its notes."""
    content = ReleaseContent(
        release_id=2,
        publication_id=9,
        force_code="E23000022",
        as_at=datetime(2026, 5, 1, 4, 30, tzinfo=UTC),
        made_at=datetime(2026, 5, 1, 9, 15, 30, 123456, tzinfo=UTC),
        notes={
            "publisher": PUBLISHER,
            "force_name": "Example",
            "draft": False,
            "smallest": 5,
            "settle_days": 28,
            "districts": {"D1": AWKWARD},
            "revisions": [
                {
                    "force_code": "E23000022",
                    "measure_code": "nccu_intel_compliance",
                    "period_start": "2025-01-01",
                    "period_end": "2025-01-31",
                    "org_unit_code": "ALL",
                    "release_before": 1,
                    "released_before_on": "2026-02-01",
                    "numerator_before": 15,
                    "denominator_before": 20,
                    "numerator": 21,
                    "denominator": 31,
                    "withdrawn_because": None,
                }
            ],
            "first_shown": [
                {
                    "measure_code": "hydra_completion",
                    "period_start": "2025-08-01",
                    "period_end": "2025-08-31",
                }
            ],
            "previous": {"release_id": 1, "made_on": "2026-02-01", "announced": "2026-05-01"},
            "changed_statuses": [
                {
                    "point_code": "HYDRA",
                    "before": "in_progress",
                    "now": "overdue",
                }
            ],
            "withdrawn": [],
        },
        tables={
            "assurance_position": [
                _position("NCCU_INTEL", "in_progress", (34, 54)),
                _position("INTEL_PLAN", "met_late", (3, 3)),
                _position("HYDRA", "overdue", (60, 90)),
                _position("ELEARNING", "unknown", None, source_status="stale"),
            ],
            "assurance_period": [
                *(
                    _period("nccu_intel_compliance", month, 20 + month, 30 + month)
                    for month in range(1, 11)
                ),
                *(_period("hydra_completion", month, 60 + 6 * month, 150) for month in range(1, 9)),
                _period("nccu_capture_completeness", 1, 10, 10, until=date(2025, 3, 31)),
                {**_period("nccu_intel_compliance", 1, 21, 31), "org_unit_code": "D1"},
            ],
            "assurance_measure": [
                _month("nccu_intel_compliance", "ALL", (21, 31)),
                _month("nccu_intel_compliance", "D1", None),
                _month("nccu_intel_in_time", "ALL", None),
                {**_month("intel_plan_strands_met", "ALL", (2, 3)), "point_code": "INTEL_PLAN"},
            ],
        },
    )
    return replace(content, notes={**content.notes, **notes})


def release_record(release_id: int, withdrawn_because: str | None = None) -> Release:
    """Return the record of a release, which is withdrawn if there is a reason."""
    made = datetime(2026, 5, 1, 9, 15, tzinfo=UTC)
    return Release(
        release_id=release_id,
        publication_id=9,
        force_code="E23000022",
        as_at=made,
        made_at=made,
        made_by="oic_publish for somebody",
        because="a quarter is over",
        notes={"publisher": PUBLISHER},
        folder="release",
        sums_sha256="",
        placed_at=made,
        withdrawn_at=made if withdrawn_because else None,
        withdrawn_by="somebody" if withdrawn_because else None,
        withdrawn_because=withdrawn_because,
    )


#: The answers to the questions of points whose deadline is over, or that are clearly worse.
ANSWERS = {
    "met_on_time": "YES", "met_late": "YES", "sustained": "YES", "overdue": "NO", "slipping": "NO",
    "in_progress": "NOT_YET", "not_started": "NOT_YET", "unknown": "NOT_KNOWN",
}  # fmt: skip


def _position(
    point: str, status: str, figure: tuple[int, int] | None, source_status: str = "fresh"
) -> Row:
    numerator, denominator = figure or (None, None)
    is_plan = point == "INTEL_PLAN"
    second = (50, 90) if point == "NCCU_INTEL" else (None, None)
    return {
        "force_code": "E23000022",
        "point_code": point,
        "as_at": datetime(2026, 5, 1, 4, 30, tzinfo=UTC),
        "status_on": date(2026, 3, 31) if figure and not is_plan else date(2026, 5, 1),
        "status": status,
        "answer_code": ANSWERS[status],
        "is_suppressed": figure is None,
        "figures_from": None if is_plan or not figure else date(2025, 5, 1),
        "figures_to": None if is_plan or not figure else date(2026, 3, 31),
        "numerator": numerator,
        "denominator": denominator,
        "value": figure[0] / figure[1] if figure else None,
        "target": 1.0 if point in ("NCCU_INTEL", "INTEL_PLAN") else 0.95,
        "policy_confirmed": point == "INTEL_PLAN",
        "second_reading": None
        if is_plan
        else {
            "NCCU_INTEL": "nccu_intel_compliance_all_types",
            "HYDRA": "hydra_completion_incl_absent",
            "ELEARNING": "elearning_completion_incl_absent",
        }[point],
        "second_numerator": second[0],
        "second_denominator": second[1],
        "second_value": 50 / 90 if point == "NCCU_INTEL" else None,
        "deadline": None if point == "NCCU_INTEL" else date(2026, 3, 31),
        "days_to_deadline": None if point == "NCCU_INTEL" else -31,
        "status_at_deadline": None,
        "source_status": source_status,
        "records_left_out_at_most": 0 if is_plan else 79,
        "files_left_out": 0 if is_plan else 3,
        "publication_id": 9,
    }


def _period(
    measure: str, month: int, numerator: int, denominator: int, until: date | None = None
) -> Row:
    following = date(2025 + month // 12, month % 12 + 1, 1)
    return {
        "force_code": "E23000022",
        "measure_code": measure,
        "point_code": "HYDRA" if measure.startswith("hydra") else "NCCU_INTEL",
        "period_start": date(2025, month, 1),
        "period_end": until or date.fromordinal(following.toordinal() - 1),
        "org_unit_code": "ALL",
        "numerator": numerator,
        "denominator": denominator,
        "value": numerator / denominator,
        "publication_id": 9,
    }


def _month(measure: str, unit: str, figure: tuple[int, int] | None) -> Row:
    numerator, denominator = figure or (None, None)
    return {
        "force_code": "E23000022",
        "measure_code": measure,
        "point_code": "NCCU_INTEL",
        "period_start": date(2025, 1, 1),
        "org_unit_code": unit,
        "is_suppressed": figure is None,
        "numerator": numerator,
        "denominator": denominator,
        "value": figure[0] / figure[1] if figure else None,
        "publication_id": 9,
    }
