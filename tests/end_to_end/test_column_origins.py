"""Each column of a mart is traced to the sources, through the SQL that a run compiled."""

import pytest

from oic_assurance.builds.column_lineage import Input
from oic_assurance.builds.dbt import target_dir
from oic_assurance.reporting.documents.marts import marts, views
from oic_assurance.reporting.site.columns import Lineage, Origin, origin_of
from oic_assurance.settings import Settings, load_settings
from tests.end_to_end.terminal import Terminal

#: Columns with a fixed value, such as a code of the point, and columns that count rows.
MOST_WITHOUT_ORIGIN = 25


@pytest.fixture(scope="module")
def lineage(terminal: Terminal, first_run: str) -> Lineage:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSURANCE_HOME", str(terminal.home))
        return Lineage.of(target_dir(load_settings(), "daily"))


def _origins(lineage: Lineage, settings: Settings) -> dict[tuple[str, str], Origin]:
    root = settings.project_root
    return {
        (mart.place, column.name): origin_of(mart, column.name, lineage)
        for mart in [*marts(root), *views(root)]
        for column in mart.columns
    }


def test_each_column_of_each_mart_has_an_origin_or_a_reason(lineage: Lineage) -> None:
    origins = _origins(lineage, load_settings())
    without = {place: origin.reason for place, origin in origins.items() if not origin.columns}
    assert all(without.values())
    of_models = [reason for reason in without.values() if "no model computes" not in str(reason)]
    assert len(of_models) <= MOST_WITHOUT_ORIGIN < len(origins) / 20
    assert [reason for reason in of_models if "not traced" in str(reason)] == []


def test_a_figure_and_a_record_are_traced_to_the_columns_of_the_sources(lineage: Lineage) -> None:
    law = "source.oic_assurance.law_enforcement"
    contact = lineage.origin("fct_nccu_referral", "contacted_at")
    assert contact.columns == (Input(f"{law}.nccu_referral", "contacted_at"),)
    hours = set(lineage.origin("fct_nccu_referral", "hours_to_submission").columns)
    assert {
        Input(f"{law}.nccu_referral", "contacted_at"),
        Input(f"{law}.intelligence_report", "submitted_at"),
    } <= hours
    deciding = set(lineage.origin_of(lineage.deciding({"int_training_completion"})[
        "int_training_completion"
    ]).columns)  # fmt: skip
    hydra = "source.oic_assurance.general.hydra_attendance"
    assert {Input(hydra, "attended"), Input(hydra, "outcome")} <= deciding
