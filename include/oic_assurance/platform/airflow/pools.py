"""Airflow's pools: one for each database server, so that no server gets too many tasks at once."""

from oic_assurance.forces.declared import Force, Forces

#: Airflow's pool for tasks without one.
DEFAULT = "default_pool"


def pool_of(force: Force | None) -> str:
    """Return the name of the pool in which the tasks of a force run."""
    return f"server-{force.server}" if force is not None and force.server else DEFAULT


def pools_of(forces: Forces) -> dict[str, dict[str, object]]:
    """Return the pools of the database servers in the form that `airflow pools import` reads."""
    return {
        f"server-{name}": {
            "slots": tasks_at_once,
            "description": f"Tasks that use the database server {name} at the same time.",
            "include_deferred": False,
        }
        for name, tasks_at_once in forces.servers.items()
    }
