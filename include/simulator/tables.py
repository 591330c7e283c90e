"""The tables of the source databases, as the source contract lists them."""

from dataclasses import dataclass

CLOCKS = ("created_at", "updated_at", "deleted_at")


@dataclass(frozen=True)
class Table:
    """One source table. `columns` are in the order of the statement that creates the table.

    `never_extracted` lists the columns that the extraction login cannot read.
    """

    system: str
    schema: str
    name: str
    columns: tuple[str, ...]
    never_extracted: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The primary key, which is always the first column."""
        return self.columns[0]

    @property
    def full_name(self) -> str:
        """The name with its schema."""
        return f"{self.schema}.{self.name}"


def _table(system: str, schema: str, name: str, columns: str, withheld: str = "") -> Table:
    return Table(
        system,
        schema,
        name,
        (*columns.split(), *CLOCKS, *withheld.split()),
        tuple(withheld.split()),
    )


TABLES = {
    table.name: table
    for table in (
        _table(
            "rms",
            "rms",
            "occurrence",
            "occurrence_id occurrence_ref incident_type_code offence_code is_oic detection_route"
            " district_code persons_count status occurred_at reported_at",
        ),
        _table(
            "rms",
            "rms",
            "nccu_referral",
            "referral_id referral_ref occurrence_ref reporting_officer_no contacted_at channel"
            " referral_type persons_count nccu_reference outcome",
        ),
        _table(
            "rms",
            "rms",
            "custody_record",
            "custody_id occurrence_ref arresting_officer_no detention_reason_code detained_at"
            " released_at",
        ),
        _table(
            "intelligence",
            "intel",
            "report",
            "report_id report_urn document_type_code grading_scheme source_evaluation"
            " intelligence_assessment handling_code handling_conditions protective_marking"
            " author_officer_no occurrence_ref nccu_referral_ref status submitted_at",
            withheld="narrative source_identity",
        ),
        _table(
            "intelligence",
            "intel",
            "dissemination",
            "dissemination_id report_urn recipient_agency shared_at",
        ),
        _table(
            "intelligence",
            "intel",
            "product",
            "product_id product_type is_oic approved_at covers_from covers_to",
        ),
    )
}
