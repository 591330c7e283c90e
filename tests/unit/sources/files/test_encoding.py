"""The encoding of a file is detected. If the encoding is not certain, the file is refused."""

import io

import pytest

from oic_assurance.sources.files.encoding import detect_encoding


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"name\nA", "utf-8"),
        ("näme\nA".encode(), "utf-8"),
        ("näme\nA".encode("cp1252"), "cp1252"),
        ("näme\nA".encode("utf-8-sig"), "utf-8-sig"),
        ("näme\nA".encode("utf-16"), "utf-16"),
        ("employee, näme, Ā, other\n".encode("utf-16-le"), "utf-16-le"),
        ("employee, näme, Ā, other\n".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_each_encoding_is_detected(data: bytes, encoding: str) -> None:
    assert detect_encoding(io.BytesIO(data)).name == encoding
