"""Wherever a file is damaged, it is either read or refused, and no other error occurs."""

import io
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.tabular import read_tables
from tests.files import text_cases
from tests.files.case import HYDRA
from tests.files.workbooks import SESSIONS_PART, TEXTS_PART, both, repacked

SCRAPS = (
    b"<v>", b"</v>", b"<c>", b"</row>", b"-1", b"9" * 20, b"NaN", b"\xff", b"\0", b'"', b"\r",
    b"\n", b",", b";", b' t="e"', b' t="d"', b' r="ZZZ9999999"', b'<mergeCell ref="A1:C3"/>',
    b"&#0;", b"1e400", b"UTF-16", b"\xef\xbb\xbf", b"",
)  # fmt: skip
WHOLE = both()
PARTS = (SESSIONS_PART, TEXTS_PART, "xl/workbook.xml", "xl/_rels/workbook.xml.rels")


@given(st.data())
@settings(max_examples=150, database=None)
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    def damaged(content: bytes) -> bytes:
        for _ in range(data.draw(st.integers(1, 3))):
            place = data.draw(st.integers(0, len(content)))
            rest = place + data.draw(st.integers(0, 12))
            content = content[:place] + data.draw(st.sampled_from(SCRAPS)) + content[rest:]
        return content

    name, content = data.draw(
        st.one_of(
            st.sampled_from(PARTS).map(lambda part: (HYDRA, repacked({part: damaged}, WHOLE))),
            st.builds(lambda: (HYDRA, damaged(WHOLE))),
            st.sampled_from([case for case in text_cases.CASES if case.content()]).map(
                lambda case: (case.dataset, damaged(case.content()))
            ),
        )
    )
    with suppress(DeliveryRefused):
        for reading in read_tables(Content(io.BytesIO(content), len(content), ""), dataset(name)):
            assert all(len(row) == 3 + len(reading.table.columns) for row in reading.rows)
