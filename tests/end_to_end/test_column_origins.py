"""Each column of a mart is traced to the sources, and each column of a source is used.

Both are read from the SQL that a run compiled.
"""

import re
from collections.abc import Iterable

import pytest

from oic_assurance.builds.column_lineage import Input
from oic_assurance.builds.dbt import target_dir
from oic_assurance.reporting.documents.marts import marts, views
from oic_assurance.reporting.site.columns import Lineage, Origin, origin_of
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from tests.end_to_end.terminal import Terminal

#: Columns with a fixed value, such as a code of the point, and columns that count rows.
MOST_WITHOUT_ORIGIN = 25
ROOT = load_settings().project_root
#: The records that `assurance explain` shows.
EXPLAINED = ROOT / "include/oic_assurance/operations/explain/kinds.yml"
#: The moments of a record, from which its version at a moment is chosen.
MOMENTS = ("created_at", "updated_at", "deleted_at")


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


def test_every_column_that_is_extracted_is_used(lineage: Lineage) -> None:
    """Each column is used by a model after staging, by a check of the landed rows, or by `explain`.

    Landing itself uses keys and markings, and every staging model the moments of a record.
    """
    sources = {
        (node["schema"], node["name"]): key for key, node in lineage.manifest["sources"].items()
    }
    unused = [
        f"{dataset.name}: {table.name}.{column}"
        for dataset in datasets().values()
        for table in dataset.tables
        for column in table.names
        if column not in {*table.key, *MOMENTS, *_marking(dataset)}
        and not _uses(lineage, Input(sources[dataset.raw_schema, table.name], column))
        and not _names(_checks(dataset) + EXPLAINED.read_text(encoding="utf-8"), {column})
    ]
    assert unused == []


def _marking(dataset: Dataset) -> set[str]:
    if dataset.kind != "database" or dataset.database.marking is None:
        return set()
    return {dataset.database.marking.column}


def _checks(dataset: Dataset) -> str:
    suite = ROOT / "expectations/landing" / f"{dataset.name.replace('/', '_')}.py"
    return suite.read_text(encoding="utf-8") if suite.exists() else ""


def _names(text: str, columns: Iterable[str]) -> bool:
    return any(re.search(rf"\b{column}\b", text) for column in columns)


def _uses(lineage: Lineage, column: Input) -> bool:
    """Tell whether a model after staging names a column of a source, or what staging calls it."""
    models, children = lineage.manifest["nodes"], lineage.manifest["child_map"]
    for key in children[column.table]:
        if not key.startswith("model."):
            continue
        name = models[key]["name"]
        called = {one for one in models[key]["columns"] if column in lineage.inputs(name, one)}
        readers = children[key] if name.startswith("stg_") else [key]
        if _names(
            "".join(models[one].get("compiled_code") or "" for one in readers if one in models),
            called if name.startswith("stg_") else {column.column},
        ):
            return True
    return False
