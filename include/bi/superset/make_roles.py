"""Create the two roles for readers. This program runs in Superset's own Python environment.

The role `OIC reader` shows the dashboards with figures. The role `OIC records reader` also shows
the records behind them, and lets its holders go from a number to its records. Neither role edits a
dashboard or chart, exports data, or runs SQL of its own. The file datasets.yml says which datasets
have records. The program runs at every start, because an import can add datasets.
"""

from pathlib import Path

import yaml
from superset.app import create_app

#: What a browser needs to show dashboards and to keep a reader's choice of filters.
SHOW = (
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_dashboard", "Superset"),
    ("can_dashboard_permalink", "Superset"),
    ("can_view_chart_as_table", "Dashboard"),
    ("can_read", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_read", "DashboardPermalinkRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_time_range", "Api"),
    ("can_log", "Superset"),
    ("can_recent_activity", "Log"),
    ("can_fetch_datasource_metadata", "Superset"),
    ("can_language_pack", "Superset"),
    ("can_read", "CurrentUserRestApi"),
    ("can_read", "SecurityRestApi"),
    ("can_read", "security"),
    ("can_read", "AvailableDomains"),
    ("can_read", "Theme"),
    ("can_get", "MenuApi"),
    ("menu_access", "Home"),
    ("menu_access", "Dashboards"),
)
#: What the steps from a chart to its records need besides.
DRILL = (
    ("can_drill", "Dashboard"),
    ("can_get_drill_info", "Dataset"),
    ("can_samples", "Datasource"),
)
FIGURES, RECORDS = "OIC reader", "OIC records reader"
DESCRIBED = yaml.safe_load((Path(__file__).parent / "datasets.yml").read_text(encoding="utf-8"))
READABLE = {
    FIGURES: [name for name, one in DESCRIBED.items() if not one.get("has_records")],
    RECORDS: [*DESCRIBED],
}

with create_app().app_context():
    from superset import db, security_manager
    from superset.connectors.sqla.models import SqlaTable

    for name, datasets in READABLE.items():
        rights = [*SHOW, *(DRILL if name == RECORDS else ())]
        rights += [
            ("datasource_access", one.perm)
            for one in db.session.query(SqlaTable).filter(SqlaTable.table_name.in_(datasets))
        ]
        role = security_manager.find_role(name) or security_manager.add_role(name)
        role.permissions = [
            security_manager.add_permission_view_menu(right, thing) for right, thing in rights
        ]
    db.session.commit()
