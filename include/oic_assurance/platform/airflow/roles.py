"""The roles of the people who use Airflow in a deployment, and what each role may do.

A permission is an action on a resource, in the words of Airflow's FAB auth manager. The table in
docs/how-to/accounts.md says what they allow. The role of administrators is Airflow's own `Admin`.
"""

from collections.abc import Mapping

Permission = tuple[str, str]

READ, EDIT, CREATE, MENU = "can_read", "can_edit", "can_create", "menu_access"

_SEEN = (
    "Assets", "Cluster Activity", "DAG Dependencies", "DAG Runs", "DAGs", "HITL Detail", "Jobs",
    "Task Instances",
)  # fmt: skip
_READER: frozenset[Permission] = frozenset(
    {(action, resource) for resource in _SEEN for action in (READ, MENU)}
    | {(READ, "DAG Code"), (READ, "DAG Versions"), (READ, "DAG Warnings"), (READ, "ImportError")}
    | {(READ, "Task Logs"), (READ, "Website"), (MENU, "Browse")}
    | {(action, mine) for mine in ("My Password", "My Profile") for action in (READ, EDIT)}
)

ROLES: Mapping[str, frozenset[Permission]] = {
    "Assurance reader": _READER,
    "Assurance operator": _READER
    | {(EDIT, "DAGs")}
    | {(action, what) for what in ("DAG Runs", "Task Instances") for action in (CREATE, EDIT)},
    # With Airflow's own auth manager this role would also need `can_edit` on DAGs, which allows
    # pausing them: see auth_manager.py.
    "Assurance approver": _READER | {(EDIT, "HITL Detail")},
}
