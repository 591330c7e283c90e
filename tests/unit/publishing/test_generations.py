"""The name of a generation's table contains the published table and the publication number."""

from oic_assurance.publishing.generations import Part, State
from oic_assurance.publishing.schemas import PUBLIC_DRAFT


def test_a_part_has_the_name_of_its_table_and_publication() -> None:
    part = Part(PUBLIC_DRAFT, "assurance_measure", 7, State.ATTACHED)
    assert part.name == "public__assurance_measure__7"
    assert part.parent.as_string(None) == '"public_draft"."assurance_measure"'
