"""One fingerprint over several tables, and the names that generations go by."""

from oic_assurance.publishing.generations import Part, State
from oic_assurance.publishing.schemas import MARTS, PUBLIC_RELEASE, PUBLISHED_SCHEMAS
from oic_assurance.warehouse.fingerprint import TableFingerprint, content_fingerprint


def test_the_order_of_tables_does_not_matter_and_everything_else_does() -> None:
    a, b = TableFingerprint(1, "aa"), TableFingerprint(2, "bb")
    whole = content_fingerprint({"marts.a": a, "marts.b": b})
    assert whole == content_fingerprint({"marts.b": b, "marts.a": a})
    others = [
        content_fingerprint({"marts.a": b, "marts.b": a}),
        content_fingerprint({"marts.a": a}),
        content_fingerprint({"marts.a": TableFingerprint(2, "aa"), "marts.b": b}),
        content_fingerprint({"marts.a": a, "public_release.b": b}),
        content_fingerprint({}),
    ]
    assert len({whole, *others}) == 6


def test_a_part_knows_its_names() -> None:
    part = Part(PUBLIC_RELEASE, "assurance_measure", 7, State.ATTACHED)
    assert part.name == "public__assurance_measure__7"
    assert part.parent.as_string(None) == '"public_release"."assurance_measure"'
    assert MARTS.partition("dim_date", 7) == "dim_date__7"


def test_every_required_table_has_room_for_a_very_high_number() -> None:
    for schema in PUBLISHED_SCHEMAS:
        assert all(schema.has_room_for(table, 10**12) for table in schema.required)
    assert not MARTS.has_room_for("x" * 58, 1)
