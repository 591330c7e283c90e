"""Publications with handmade figures that could be released, for the tests of releases."""

from collections.abc import Sequence

import psycopg

from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.integration.publishing.marts import FORCE, as_reader, audit, make_candidates, open_build

EVENTS, PEOPLE = "nccu_intel_compliance", "hydra_completion"

#: A figure for a period: measure, first day, last day, unit, number and total.
Period = tuple[str, str, str, str, int, int]
JANUARY: Period = (EVENTS, "2026-01-01", "2026-01-31", "ALL", 20, 30)
FEBRUARY: Period = (EVENTS, "2026-02-01", "2026-02-28", "ALL", 14, 24)
HYDRA: Period = (PEOPLE, "2026-02-01", "2026-02-28", "ALL", 60, 90)

_POLICY = """
create table if not exists policy.policy_threshold (
    name text, value numeric, effective_from date, effective_to date
);
create table if not exists policy.policy_public_measure (
    measure_code text, counted_as text, completes text, effective_from date, effective_to date
);
truncate policy.policy_threshold, policy.policy_public_measure;
insert into policy.policy_threshold values
    ('suppression_threshold', 5, '2020-01-01', null),
    ('public_settle_days', 28, '2020-01-01', null);
insert into policy.policy_public_measure values
    ('nccu_intel_compliance', 'events', null, '2020-01-01', null),
    ('hydra_completion', 'people', null, '2020-01-01', null);
"""

_POSITIONS = """
insert into candidate_public.assurance_position (
    force_code, publication_id, point_code, as_at, status_on, status, answer_code,
    is_suppressed, figures_from, figures_to, numerator, denominator, value, target,
    policy_confirmed, deadline, days_to_deadline, source_status, records_left_out_at_most,
    files_left_out
) values
    (%(force)s, %(build)s, 'NCCU_INTEL', '2026-05-01 05:30+01', '2026-02-28', 'in_progress',
     'NOT_YET', false, '2026-01-01', '2026-02-28', 34, 54, 34 / 54.0, 1, false, null, null,
     'fresh', 79, 3),
    (%(force)s, %(build)s, 'INTEL_PLAN', '2026-05-01 05:30+01', '2026-05-01', 'met_late', 'YES',
     false, null, null, 3, 3, 1, 1, true, '2025-12-31', -121, 'fresh', 0, 0),
    (%(force)s, %(build)s, 'HYDRA', '2026-05-01 05:30+01', '2026-02-28', 'overdue', 'NO',
     false, '2026-02-01', '2026-02-28', 60, 90, 60 / 90.0, 0.95, false, '2026-03-31', 31, 'stale',
     0, 0),
    (%(force)s, %(build)s, 'ELEARNING', '2026-05-01 05:30+01', '2026-05-01', 'overdue', 'NO',
     true, null, null, null, null, null, 0.95, false, '2026-03-31', -31, 'fresh', 0, 0)
"""


def publish_figures(settings: Settings, *periods: Period) -> int:
    """Publish a build whose draft of a release has these figures, and return its number."""
    build = open_build(settings)
    make_candidates(settings, build)
    given = {"force": FORCE, "build": build.build_id}
    with connect(settings, role="oic_transform") as conn:
        conn.execute(_POLICY.encode())
        conn.execute(
            "truncate candidate_public.assurance_position, candidate_public.assurance_period, "
            "candidate_public.assurance_measure"
        )
        conn.execute("update candidate.dim_org_unit set kind = 'DISTRICT', org_unit_name = 'North'")
        conn.execute(_POSITIONS.encode(), given)
        for period in periods:
            _insert(conn, build.build_id, period)
    audit(settings, build)
    return publish(settings, build).publication_id


def released(settings: Settings) -> Sequence[object]:
    """Return the released periods and numbers that `bi_reader` sees, by measure and period."""
    with as_reader(settings, "bi") as reader:
        return reader.execute(
            "select period_start::text, numerator from public_release.assurance_period "
            "order by measure_code, period_start"
        ).fetchall()


def _insert(conn: psycopg.Connection, build_id: int, period: Period) -> None:
    measure, start, end, unit, numerator, denominator = period
    point = "NCCU_INTEL" if measure == EVENTS else "HYDRA"
    conn.execute(
        "insert into candidate_public.assurance_period (force_code, publication_id, measure_code, "
        "point_code, period_start, period_end, org_unit_code, numerator, denominator, value) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::float / %s)",
        (FORCE, build_id, measure, point, start, end, unit, numerator, denominator, numerator,
         denominator),
    )  # fmt: skip
    conn.execute(
        "insert into candidate_public.assurance_measure (force_code, publication_id, measure_code, "
        "point_code, period_start, org_unit_code, is_suppressed, numerator, denominator, value) "
        "values (%s, %s, %s, %s, %s, 'U1', true, null, null, null) on conflict do nothing",
        (FORCE, build_id, measure, point, start),
    )
