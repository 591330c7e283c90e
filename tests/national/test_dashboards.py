"""The national dashboards make no league table, and compare only what can be compared."""

import yaml

from oic_assurance.reporting.dashboards.bundle import bundle
from oic_assurance.reporting.dashboards.description import dashboards
from tests.conftest import PROJECT_ROOT


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
