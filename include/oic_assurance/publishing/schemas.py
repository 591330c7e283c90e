"""The schemas whose tables are published.

For each schema: where dbt builds the tables, where the publications' tables are, and which login
reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg import sql

from oic_assurance.settings import Kind, deployment_kind

#: The schema that holds the tables of all generations: one table for each mart and publication.
GENERATION = "generation"
#: The column that every table is partitioned by.
KEY = "publication_id"
#: The highest number of characters in a name. PostgreSQL truncates longer names, which can make two
#: different names equal.
LONGEST_NAME = 63
_ROOM_FOR_SUFFIXES = 6


@dataclass(frozen=True)
class PublishedSchema:
    """A schema of published tables, and the schema in which dbt builds their candidates."""

    #: The schema's name in content fingerprints. It must never change.
    name: str
    #: The schema in which dbt builds the tables of the next generation.
    candidate: str
    #: The schema of the published tables, which are partitioned.
    parents: str
    #: The login that may read the published tables, or None if only the pipeline's stages may.
    reader: str | None
    #: The prefix that this schema's tables have in the schema `generation`.
    prefix: str
    #: The tables that every generation must have, for each kind of warehouse.
    required_of: Mapping[Kind, frozenset[str]] = field(hash=False, compare=False)
    #: SQL for the id of the current publication.
    current: str

    @property
    def required(self) -> frozenset[str]:
        """Return the tables that every generation of this kind of warehouse must have."""
        return self.required_of[deployment_kind()]

    def partition(self, table: str, publication_id: int) -> str:
        """Return the name that a publication's table has in the schema `generation`."""
        return f"{self.prefix}{table}__{publication_id}"

    def has_room_for(self, table: str, publication_id: int) -> bool:
        """Return whether PostgreSQL can store the names of a partition and its indexes in full."""
        return len(self.partition(table, publication_id)) + _ROOM_FOR_SUFFIXES <= LONGEST_NAME

    @property
    def policy(self) -> sql.SQL:
        """Return the row-level security condition that shows only the current generation.

        The subquery of the condition runs once for each statement. The server then skips the
        partitions of all other publications.
        """
        return sql.SQL(f"{KEY} = (select {self.current})")


MARTS = PublishedSchema(
    name="marts",
    candidate="candidate",
    parents="marts",
    reader="bi_reader",
    prefix="",
    required_of={
        "force": frozenset(
            {
                "assurance_position",
                "assurance_measure",
                "assurance_exception",
                "board_action",
                "board_log_question",
                "fct_nccu_referral",
                "fct_oic_incident",
                "fct_intelligence_report",
                "fct_training_requirement",
                "fct_plan_strand",
                "dim_date",
                "dim_org_unit",
                "dim_officer",
                "dim_recommendation",
                "data_quality_status",
                "source_freshness",
                "restatement",
            }
        ),
        "national": frozenset(
            {
                "national_force_state",
                "national_position",
                "national_funnel",
                "national_funnel_limit",
                "national_group",
                "national_history",
                "national_measure",
                "national_restatement",
                "national_source",
                "data_quality_status",
                "source_freshness",
            }
        ),
    },
    current=f"{KEY} from marts.publication where is_current",
)

#: The figures that a publication could release to the public. No reader sees them until somebody
#: makes a release (see `releases.py`).
PUBLIC_DRAFT = PublishedSchema(
    name="public_release",
    candidate="candidate_public",
    parents="public_draft",
    reader=None,
    prefix="public__",
    required_of={
        "force": frozenset({"assurance_measure", "assurance_period", "assurance_position"}),
        "national": frozenset({"national_position"}),
    },
    current="public_draft.current_publication()",
)

PUBLISHED_SCHEMAS = (MARTS, PUBLIC_DRAFT)
#: The logins that receive each publication, for the log of disclosures.
READERS = ", ".join(schema.reader for schema in PUBLISHED_SCHEMAS if schema.reader)
#: Roles of the stages that compare new figures with published figures.
STAGES_THAT_READ = ("oic_transform", "oic_gate")
