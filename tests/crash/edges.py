"""The edges at which a process can be killed: the moments before and after each step of its work.

A step is a call of one of the product's functions, or a commit. The harness wraps these functions
in the process that is to be killed, so the product contains no code for the harness.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import psycopg

#: The function that `watch` calls with the name of each edge that the work reaches.
Reached = Callable[[str], None]

LANDING = {
    "oic_assurance.landing.land:land_dataset": "dataset",
    "oic_assurance.landing.land:ensure_raw_table": "raw table",
    "oic_assurance.batches.archive_writer:Archive.remove_leftovers": "clear leftovers",
    "oic_assurance.landing.load:TableLoader.stage_text": "stage",
    "oic_assurance.landing.load:TableLoader.check": "check",
    "oic_assurance.landing.load:TableLoader.insert_delivered": "insert delivered",
    "oic_assurance.landing.load:TableLoader.insert_extracted": "insert extracted",
    "oic_assurance.landing.load:TableLoader.insert_vanished": "insert vanished",
    "oic_assurance.landing.load:TableLoader.restore_later_versions": "restore later versions",
    "oic_assurance.landing.load:TableLoader.keys_changed_late": "keys changed late",
    "oic_assurance.landing.load:TableLoader.apply_later_delivery": "apply later delivery",
    "oic_assurance.landing.load:TableLoader.quarantine": "quarantine",
    "oic_assurance.landing.reconcile:Reconciliation.read_keys": "read keys",
    "oic_assurance.landing.reconcile:Reconciliation.insert_tombstones": "insert tombstones",
    "oic_assurance.batches.archive_writer:ArchiveWriter.write": "archive a chunk",
    "oic_assurance.batches.archive_writer:ArchiveWriter.finish": "finish the archive",
    "oic_assurance.landing.land_database:DatabaseLanding._load_first": "first load",
    "oic_assurance.landing.land_database:DatabaseLanding._load_rows": "load rows",
    "oic_assurance.landing.land_database:register": "register",
    "oic_assurance.landing.land_database:store_state": "store state",
    "oic_assurance.landing.raw_tables:_create_indexes": "create indexes",
    "oic_assurance.landing.land_files:register": "register file",
}
RUN = {
    "oic_assurance.pipeline:prepare_warehouse": "prepare the warehouse",
    "oic_assurance.pipeline:open_run": "open run",
    "oic_assurance.pipeline:extract": "extract",
    "oic_assurance.pipeline:close_landing": "close landing",
    "oic_assurance.landing.pseudonyms:assign_pseudonyms": "pseudonyms",
    "oic_assurance.builds.record:open_build": "open build",
    "oic_assurance.pipeline:build_marts": "build marts",
    "oic_assurance.builds.marts:_drop_candidate": "drop candidate",
    "oic_assurance.builds.marts:run_models": "models",
    "oic_assurance.builds.marts:run_tests": "data tests",
    "oic_assurance.builds.marts:store_test_results": "store test results",
    "oic_assurance.pipeline:audit": "audit",
    "oic_assurance.gates.run:run_suites": "suites",
    "oic_assurance.gates.run:save": "save evidence",
    "oic_assurance.pipeline:seal_marts": "seal marts",
    "oic_assurance.pipeline:publish": "publish",
    "oic_assurance.publishing.publish:_attach": "attach generation",
    "oic_assurance.publishing.publish:prepare_parents": "prepare parents",
    "oic_assurance.publishing.publish:move_and_attach": "move and attach",
    "oic_assurance.publishing.publish:_show": "show publication",
    "oic_assurance.publishing.publish:make_current": "move pointer",
    "oic_assurance.pipeline:tidy": "tidy",
    "oic_assurance.publishing.retention:_set_aside": "set aside",
    "oic_assurance.publishing.retention:_detach": "detach",
    "oic_assurance.pipeline:document": "document",
    "oic_assurance.pipeline:close_run": "close run",
}


def watch(work: str, reached: Reached) -> None:
    """Call `reached` before and after every step, until this process ends.

    `work` is "landing" or "run", and selects the functions that are steps.
    """
    steps = LANDING if work == "landing" else {**LANDING, **RUN}
    for place, name in steps.items():
        owner, attribute = find(place)
        setattr(owner, attribute, _between_edges(getattr(owner, attribute), name, reached))
    _watch_commits(reached)


def find(place: str) -> tuple[Any, str]:
    """Return the module or class of a step, and the name of its function there.

    Raises:
        ImportError, AttributeError: There is no such step.
    """
    module, _, path = place.partition(":")
    *owners, attribute = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    getattr(owner, attribute)
    return owner, attribute


def _between_edges(real: Callable[..., Any], name: str, reached: Reached) -> Callable[..., Any]:
    @wraps(real)
    def watched(*arguments: Any, **options: Any) -> Any:
        reached(f"before {name}")
        result = real(*arguments, **options)
        reached(f"after {name}")
        return result

    return watched


def _watch_commits(reached: Reached) -> None:
    transaction, commit = psycopg.Connection.transaction, psycopg.Connection.commit

    @contextmanager
    def watched_transaction(
        self: psycopg.Connection[Any], *arguments: Any, **options: Any
    ) -> Iterator[Any]:
        with transaction(self, *arguments, **options) as inside:
            yield inside
            reached("before commit")
        reached("after commit")

    def watched_commit(self: psycopg.Connection[Any]) -> None:
        reached("before commit of a session")
        commit(self)
        reached("after commit of a session")

    psycopg.Connection.transaction = watched_transaction  # type: ignore[method-assign]
    psycopg.Connection.commit = watched_commit  # type: ignore[method-assign]
