"""Every query of the national dashboards and of the pack runs, and gives the described columns."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from oic_assurance.reporting.dashboards.bundle import bundle
from oic_assurance.reporting.dashboards.datasets import Dataset, datasets
from oic_assurance.reporting.dashboards.description import dashboards
from oic_assurance.reporting.national.make import make_national_pack
from oic_assurance.warehouse.connections import url
from tests.conftest import PROJECT_ROOT
from tests.databases import Prepared
from tests.national.made_up import Force
from tests.national.world import DAY, MIDLANDS, NationalWorld, made_up, national_world

RESTATED = (8, "hydra_completion", DAY.replace(month=1, day=1), 3, "LATE_RECORD", 0.5, 0.75)


@pytest.fixture(scope="module")
def published(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NationalWorld]:
    """Six forces, of which one has changed a figure of a past month."""
    with national_world(prepared, tmp_path_factory.mktemp("national")) as world:
        for number, code in enumerate(MIDLANDS[:6]):
            force: Force = made_up(code, {"HYDRA": (60 + 5 * number, 100)})
            if not number:
                force.restatements.append(RESTATED)
            world.export(force)
        world.run()
        yield world


@pytest.mark.parametrize(
    "dataset", datasets(PROJECT_ROOT, "national").values(), ids=lambda d: d.name
)
def test_a_dataset_has_the_described_columns_and_types(
    published: NationalWorld, dataset: Dataset
) -> None:
    described = {c.name: c.type for c in dataset.columns.values() if c.computed is None}
    with psycopg.connect(url(published.settings, "bi"), row_factory=dict_row) as reader:
        cursor = reader.execute(dataset.sql.encode())
        found = {
            column.name: reader.execute(
                "select format_type(%s, null)", (column.type_code,)
            ).fetchone()
            for column in cursor.description or ()
        }
    assert {name: (row or {})["format_type"] for name, row in found.items()} == described
    assert cursor.rowcount > 0


def test_no_chart_sorts_forces_by_a_figure() -> None:
    files = bundle(PROJECT_ROOT, "national")
    charts = [text for name, text in files.items() if name.startswith("charts/")]

    assert len(charts) == 9
    assert not any(f'"value", {way}' in text for text in charts for way in ("true", "false"))


def test_a_funnel_is_of_one_point_and_one_group() -> None:
    """Lines of several groups in one plot would compare what cannot be compared."""
    [forces, *_] = dashboards(PROJECT_ROOT, "national")
    [plot] = [chart for chart in forces.charts if chart.title == "Funnel plot"]
    chosen = [one for one in forces.filters if one.moves(plot)]

    assert [one.column for one in chosen] == ["funnel_point", "funnel_group"]
    assert all(one.first for one in chosen)
    written = yaml.safe_load(bundle(PROJECT_ROOT, "national")["dashboards/forces.yaml"])
    filters = {one["name"]: one for one in written["metadata"]["native_filter_configuration"]}
    for one in chosen:
        control = filters[one.title]["controlValues"]
        assert (control["multiSelect"], control["defaultToFirstItem"]) == (False, True)
        assert filters[one.title]["requiredFirst"]


def test_the_pack_shows_the_restated_figure_and_the_readings(published: NationalWorld) -> None:
    pack = make_national_pack(published.settings)
    page = Path(pack.page).read_text(encoding="utf-8")

    assert "Hydra completed" in page
    assert "records that arrived late" in page
    assert "6 forces around" in page
    assert pack.paper.read_bytes().startswith(b"%PDF")
