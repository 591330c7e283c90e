"""Who may do what in Airflow, in a deployment with personal accounts.

Airflow's own FAB auth manager lets only those answer a *Required Action* who may also edit DAGs.
Whoever may edit DAGs may pause them and have their files read again. So with it, nobody can approve
a build without being able to stop the daily run.
"""

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.providers.fab.www.security.permissions import RESOURCE_HITL_DETAIL


# Airflow's clean-up of its database looks for the text `FabAuthManager` in the name of this class.
class AssuranceFabAuthManager(FabAuthManager):
    """Let people answer a *Required Action* who may read its DAG, without the right to edit DAGs.

    An answer needs two permissions: *can edit on HITL Detail* and *can read on DAGs*. All other
    rules are those of Airflow's FAB auth manager.
    """

    def is_authorized_dag(
        self,
        *,
        method: Any,
        user: Any,
        access_entity: DagAccessEntity | None = None,
        details: Any = None,
    ) -> bool:
        """Tell whether a user may use a method on a DAG, or on an entity of a DAG.

        `details` says which DAG. None means any DAG.
        """
        if method != "PUT" or access_entity is not DagAccessEntity.HITL_DETAIL:
            allowed = super().is_authorized_dag(
                method=method, user=user, access_entity=access_entity, details=details
            )
        else:
            allowed = self.is_authorized_custom_view(
                method=method, resource_name=RESOURCE_HITL_DETAIL, user=user
            ) and super().is_authorized_dag(
                method="GET", user=user, access_entity=access_entity, details=details
            )
        return bool(allowed)
