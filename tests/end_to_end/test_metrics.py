"""MetricFlow's metrics equal the figures in the marts."""

import csv
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from oic_assurance.builds.declared import read_declared
from oic_assurance.settings import PROJECT_ROOT
from tests.end_to_end.terminal import Terminal

MEASURES = read_declared(PROJECT_ROOT).measures
HOURS = tuple(code for code, one in MEASURES.items() if one["unit"] == "hours")
#: The metric of a measure when it is queried for each unit. Hours cannot be added up, so a measure
#: in hours has a metric of its own for the figures of units.
BY_UNIT = {code: f"{code}_of_units" if code in HOURS else code for code in MEASURES}
#: Some metrics are computed from the records, so that they can be grouped by what the records have.
#: Each must equal the measure of which it is a second form, in every month that both have.
OF_REFERRALS, OF_TRAINING = "nccu_share_compliant", "training_share_with_package"
OF_RECORDS = {OF_REFERRALS: "nccu_intel_compliance", OF_TRAINING: "elearning_completion"}
#: Values, keyed by metric, month and unit. A figure without a value is left out.
Figures = dict[tuple[str, str, str], float]


@pytest.fixture
def mf(terminal: Terminal, first_run: str, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal whose commands may not open a network connection.

    If a command opens a connection, the test fails. The commands use a new temporary folder,
    because in an old one MetricFlow may have stored the answer to a network call, and would not
    make that call again.
    """
    with socket.socket() as outside:
        outside.bind(("127.0.0.1", 0))
        outside.listen()
        outside.setblocking(False)
        proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
        watched = {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "TMPDIR": str(tmp_path)}
        yield replace(terminal, extra=watched)
        with pytest.raises(BlockingIOError):
            outside.accept()


def queried(mf: Terminal, folder: Path, metrics: Iterable[str], by: str, *more: str) -> Figures:
    """Return the values of several metrics, from one query that is grouped by `by`."""
    table = folder / "figures.csv"
    mf.does(
        "mf", "query", "--metrics", ",".join(metrics), "--group-by", by, "--quiet",
        "--csv", str(table), *more,
    )  # fmt: skip
    with table.open(newline="") as lines:
        return {
            (metric, row["metric_time__month"][:10], row.get("org_unit__code", "ALL")): float(value)
            for row in csv.DictReader(lines)
            for metric in metrics
            if (value := row[metric])
        }


def published(mf: Terminal, query: str) -> Figures:
    """Return the marts' figures that a query selects, keyed by measure, month and unit."""
    with psycopg.connect(mf.url("bi")) as reader:
        rows = reader.execute(query.encode()).fetchall()
    return {(code, str(month), unit): value for code, month, unit, value in rows}


@pytest.mark.slow
def test_every_metric_equals_the_force_s_figure_of_each_month(mf: Terminal, tmp_path: Path) -> None:
    figures = published(
        mf,
        """
        select measure_code, period_start, org_unit_code, value
        from marts.assurance_measure
        where org_unit_code = 'ALL' and value is not null
        """,
    )
    assert {code for code, _, _ in figures} == set(MEASURES)
    found = queried(mf, tmp_path, [*MEASURES, OF_REFERRALS], "metric_time__month")
    condition = (
        "{{ Dimension('requirement__point_code') }} = 'ELEARNING' and "
        "not {{ Dimension('requirement__is_long_term_absent') }}"
    )
    found |= queried(mf, tmp_path, [OF_TRAINING], "metric_time__month", "--where", condition)
    assert {key: value for key, value in found.items() if key[0] in MEASURES} == figures
    of_records = {key: value for key, value in found.items() if key[0] not in MEASURES}
    assert {metric for metric, _, _ in of_records} == set(OF_RECORDS)
    assert of_records == {
        (metric, month, unit): figures[OF_RECORDS[metric], month, unit]
        for metric, month, unit in of_records
    }


@pytest.mark.slow
def test_every_metric_equals_each_team_s_figure_of_each_month(mf: Terminal, tmp_path: Path) -> None:
    # Records belong to teams, and plans to the force. Metrics that add up have no values for
    # districts and directorates. The test therefore compares only teams and, for plans, the force.
    figures = published(
        mf,
        """
        select measure.measure_code, measure.period_start, measure.org_unit_code, measure.value
        from marts.assurance_measure as measure
        inner join marts.dim_org_unit as unit using (publication_id, force_code, org_unit_code)
        where measure.value is not null
            and (unit.kind in ('TEAM', 'UNKNOWN') or measure.point_code = 'INTEL_PLAN')
        """,
    )
    teams = {unit for _, _, unit in figures}
    assert len(teams) > 10
    found = queried(mf, tmp_path, BY_UNIT.values(), "metric_time__month,org_unit__code")
    of_force = {(f"{code}_of_units", "ALL") for code in HOURS}
    assert {
        (metric, month, unit): value
        for (metric, month, unit), value in found.items()
        if unit in teams and (metric, unit) not in of_force
    } == {(BY_UNIT[code], month, unit): value for (code, month, unit), value in figures.items()}


@pytest.mark.slow
def test_several_months_use_the_last_for_people_and_all_for_referrals(
    mf: Terminal, tmp_path: Path
) -> None:
    table = tmp_path / "year.csv"
    mf.does(
        "mf", "query", "--metrics", "hydra_completion,nccu_referrals", "--quiet",
        "--group-by", "metric_time__year", "--order", "metric_time__year", "--csv", str(table),
    )  # fmt: skip
    with table.open(newline="") as lines:
        last = list(csv.DictReader(lines))[-1]
    with psycopg.connect(mf.url("bi")) as reader:
        expected = reader.execute(
            """
            select
                (
                    select value
                    from marts.assurance_measure
                    where measure_code = 'hydra_completion' and org_unit_code = 'ALL'
                    order by period_start desc
                    limit 1
                ),
                (
                    select count(*)
                    from marts.fct_nccu_referral
                    where extract(year from contacted_on) = 2026
                )
            """
        ).fetchone()
    assert (float(last["hydra_completion"]), int(last["nccu_referrals"])) == expected


@pytest.mark.slow
def test_the_semantic_models_are_valid_over_what_readers_may_read(mf: Terminal) -> None:
    done = mf.does("mf", "validate-configs", "--show-all")
    assert "validated metrics against data warehouse (ERRORS: 0" in done.stdout
    assert "WARNINGS: 0" in done.stdout
