"""Generate the files that Superset imports (the bundle), from the descriptions of the dashboards.

The bundle has one YAML file for the database, and one for each dataset, chart and dashboard. It is
made whenever Superset is filled. UUIDs are computed from names, so a second import replaces what
the first import created.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from oic_assurance.reporting.dashboards import charts
from oic_assurance.reporting.dashboards.colours import Colours, colours
from oic_assurance.reporting.dashboards.datasets import (
    FOLDER,
    MOMENTS,
    Column,
    Dataset,
    datasets,
    read_yaml,
    uuid,
)
from oic_assurance.reporting.dashboards.description import Chart, Dashboard, dashboards
from oic_assurance.reporting.dashboards.filters import cross_filters, native_filters
from oic_assurance.reporting.dashboards.layout import position
from oic_assurance.settings import Kind as WarehouseKind
from oic_assurance.storage.zipped import zipped

DATABASE = "databases/warehouse.yaml"
#: What stands for the address of a warehouse that is not known yet.
ADDRESS = "postgresql+psycopg2://bi_reader:XXXXXXXXXX@127.0.0.1:5432/warehouse"
VERSION = "1.0.0"

Yaml = dict[str, Any]


def bundle_file(root: Path, kind: WarehouseKind, address: str = ADDRESS) -> bytes:
    """Return the bundle as a ZIP file that Superset can import.

    Raises:
        AssuranceError: If the description of a dashboard or dataset is not valid.
    """
    made = bundle(root, kind, address)
    return zipped({f"bundle/{place}": text for place, text in made.items()})


def bundle(root: Path, kind: WarehouseKind = "force", address: str = ADDRESS) -> dict[str, str]:
    """Return the text of every file in the bundle, keyed by its path in the bundle.

    `root` is the root folder of the project. `kind` is the kind of warehouse that the dashboards
    are of, and `address` its address for SQLAlchemy, without the password.

    Raises:
        AssuranceError: If the description of a dashboard or dataset is not valid.
    """
    given = _Given(
        read_yaml(root / FOLDER / "settings.yml"),
        colours(root),
        (root / FOLDER / "dashboard.css").read_text(encoding="utf-8"),
    )
    described = dashboards(root, kind)
    files: dict[str, Yaml] = {
        # Superset's format requires a timestamp. It is fixed, so that equal descriptions give equal
        # files.
        "metadata.yaml": {
            "version": VERSION,
            "type": "assets",
            "timestamp": "2026-01-01T00:00:00+00:00",
        },
        DATABASE: _database(given, kind, address),
    }
    for dataset in datasets(root, kind).values():
        files[f"datasets/warehouse/{dataset.name}.yaml"] = _dataset(given, dataset, kind)
    for dashboard in described:
        for place, chart in enumerate(dashboard.charts, start=1):
            name = f"{dashboard.name}-{place:02}-{_file_name(chart.title)}"
            files[f"charts/{name}.yaml"] = _chart(given, dashboard, chart)
        files[f"dashboards/{dashboard.name}.yaml"] = _dashboard(given, dashboard, described)
    return {
        place: yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        for place, content in files.items()
    }


def chart_uuid(dashboard: Dashboard, chart: Chart) -> str:
    """Return the UUID of a chart, computed from the name of its dashboard and its title."""
    return uuid("chart", dashboard.name, chart.title)


def _database_uuid(kind: WarehouseKind) -> str:
    """Return the UUID of the database, so that one Superset can show both kinds of warehouse."""
    return uuid("database") if kind == "force" else uuid("database", kind)


class _Given(NamedTuple):
    """What every dashboard has in common: settings, colours and the style sheet."""

    settings: Yaml
    colours: Colours
    css: str


def _database(given: _Given, kind: WarehouseKind, address: str) -> Yaml:
    name = "OIC assurance warehouse" if kind == "force" else "OIC national warehouse"
    return {
        **given.settings["database"],
        "database_name": name,
        "sqlalchemy_uri": address,
        "uuid": _database_uuid(kind),
        "version": VERSION,
    }


def _dataset(given: _Given, dataset: Dataset, kind: WarehouseKind) -> Yaml:
    return {
        **given.settings["dataset"],
        "table_name": dataset.name,
        "description": dataset.description,
        "sql": dataset.sql,
        "main_dttm_col": dataset.time,
        "columns": [made for column in dataset.columns.values() for made in _columns(column)],
        "uuid": uuid("dataset", dataset.name),
        "version": VERSION,
        "database_uuid": _database_uuid(kind),
    }


def _columns(column: Column) -> list[Yaml]:
    """Return a column of a dataset as one or two columns in Superset's format.

    If the column holds codes, the second column shows words instead of the codes.
    """
    has_words = column.chart_column != column.name
    plain = {
        "column_name": column.name,
        "verbose_name": f"{column.title} (code)" if has_words else column.title,
        "type": column.type.upper(),
        "is_dttm": column.type in MOMENTS,
        "groupby": True,
        "filterable": True,
        "expression": None,
    }
    if column.expression is None:
        return [plain]
    with_words = {
        **plain,
        "column_name": column.chart_column,
        "verbose_name": column.title,
        "type": "TEXT",
        "expression": column.expression,
    }
    return [with_words] if column.computed else [plain, with_words]


def _chart(given: _Given, dashboard: Dashboard, chart: Chart) -> Yaml:
    params = charts.params(chart, given.settings, given.colours.of_words)
    return {
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": params["viz_type"],
        "params": params,
        # Superset's import replaces the 0 with the dataset's ID.
        "query_context": json.dumps(
            {
                "datasource": {"id": 0, "type": "table"},
                "force": False,
                "queries": charts.queries(chart, params["row_limit"]),
                "form_data": {"viz_type": params["viz_type"]},
                "result_format": "json",
                "result_type": "full",
            }
        ),
        "cache_timeout": None,
        "uuid": chart_uuid(dashboard, chart),
        "version": VERSION,
        "dataset_uuid": uuid("dataset", chart.dataset.name),
    }


def _dashboard(given: _Given, dashboard: Dashboard, all_dashboards: list[Dashboard]) -> Yaml:
    placed = [
        (chart, 100 * dashboard.number + place, chart_uuid(dashboard, chart))
        for place, chart in enumerate(dashboard.charts, start=1)
    ]
    numbers = {chart.title: number for chart, number, _ in placed}
    return {
        "dashboard_title": f"{dashboard.number} {dashboard.title}",
        "description": dashboard.description,
        "css": given.css,
        "slug": dashboard.name,
        "published": True,
        "uuid": uuid("dashboard", dashboard.name),
        "position": position(dashboard, all_dashboards, placed),
        "metadata": {
            **given.settings["dashboard"],
            "label_colors": given.colours.of_series(chart.dataset for chart in dashboard.charts),
            "chart_configuration": cross_filters(dashboard, numbers),
            "native_filter_configuration": native_filters(
                dashboard, given.settings["filters"], numbers
            ),
        },
        "version": VERSION,
    }


def _file_name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
