"""A header is found whatever the spelling of its column names, but only near the top of a file."""

import pytest

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.files.header import normalised
from tests.unit.sources.files.org_units import HEADER, rows


def test_a_header_far_down_is_not_found() -> None:
    with pytest.raises(DeliveryRefused, match="no header row"):
        rows("line\n" * 40 + HEADER + "F,Force,,FORCE\n")


@pytest.mark.parametrize(
    "name", ["Org Unit Code", "ORG_UNIT_CODE", "org-unit code ", "OrgUnitCode"]
)
def test_how_a_column_is_spelled_does_not_matter(name: str) -> None:
    assert normalised(name) == "orgunitcode"
