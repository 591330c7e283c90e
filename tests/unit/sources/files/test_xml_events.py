"""Elements of XML are found by their names without namespace prefixes.

XML that is damaged or declares a document type is refused.
"""

import pytest

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.files.xml_events import Start, read_elements


def elements(xml: bytes) -> list[Start]:
    found: list[Start] = []
    read_elements([xml[:5], xml[5:]], found.append, "the sheet")
    return found


def test_elements_and_attributes_are_found_by_their_names_without_a_prefix() -> None:
    [outer, inner] = elements(b'<x:book><x:sheet r:id="7" name="A"/></x:book>')
    assert (outer.name, inner.name) == ("book", "sheet")
    assert (inner.get("id"), inner.get("name"), inner.get("missing")) == ("7", "A", None)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"<book>", "the sheet is damaged: no element found"),
        (b"<book></sheet>", "the sheet is damaged: mismatched tag"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "the sheet is damaged: it declares a document"),
    ],
)
def test_damaged_xml_is_refused(xml: bytes, reason: str) -> None:
    with pytest.raises(DeliveryRefused, match=reason):
        elements(xml)
