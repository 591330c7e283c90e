"""The two faces of the warehouse: where a generation is built, where it is read, and by whom."""

from dataclasses import dataclass

from psycopg import sql

#: Where published generations stand, a table a mart and publication.
GENERATION = "generation"
#: The column that every table is partitioned by.
KEY = "publication_id"
#: PostgreSQL cuts longer names, and then two of them can be the same.
LONGEST_NAME = 63
_ROOM_FOR_SUFFIXES = 6


@dataclass(frozen=True)
class Face:
    """A schema that candidates are built in, and the schema that shows them when published."""

    candidate: str
    parents: str
    reader: str
    prefix: str
    required: frozenset[str]
    current: str

    def partition(self, table: str, publication_id: int) -> str:
        """Return the name that a table has in the schema of generations."""
        return f"{self.prefix}{table}__{publication_id}"

    def has_room_for(self, table: str, publication_id: int) -> bool:
        """Tell whether the partition's name, and the names of its indexes, stay whole."""
        return len(self.partition(table, publication_id)) + _ROOM_FOR_SUFFIXES <= LONGEST_NAME

    @property
    def policy(self) -> sql.SQL:
        """Return the condition that shows a reader the current generation and no other.

        The subquery is run once a statement, and the planner leaves out the other partitions.
        """
        return sql.SQL(f"{KEY} = (select {self.current})")


MARTS = Face(
    candidate="candidate",
    parents="marts",
    reader="bi_reader",
    prefix="",
    required=frozenset(
        {
            "assurance_position",
            "assurance_measure",
            "assurance_exception",
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
    current=f"{KEY} from marts.publication where is_current",
)

PUBLIC_RELEASE = Face(
    candidate="candidate_public",
    parents="public_release",
    reader="public_reader",
    prefix="public__",
    required=frozenset({"assurance_measure", "assurance_period", "assurance_position"}),
    # Its readers must not see `marts`: a function of ours looks the number up for them.
    current="public_release.current_publication()",
)

FACES = (MARTS, PUBLIC_RELEASE)
#: The logins that are given each publication, for the log of disclosures.
READERS = ", ".join(face.reader for face in FACES)
#: Stages that compare new figures with what was published.
STAGES_THAT_READ = ("oic_transform", "oic_gate")
