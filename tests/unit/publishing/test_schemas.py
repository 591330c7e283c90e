"""The names of partitions fit PostgreSQL's limit of 63 characters."""

from oic_assurance.publishing.schemas import MARTS, PUBLISHED_SCHEMAS


def test_the_name_of_a_partition() -> None:
    assert MARTS.partition("dim_date", 7) == "dim_date__7"


def test_every_required_table_has_room_for_a_very_high_number() -> None:
    for schema in PUBLISHED_SCHEMAS:
        assert all(schema.has_room_for(table, 10**12) for table in schema.required)
    assert not MARTS.has_room_for("x" * 58, 1)
