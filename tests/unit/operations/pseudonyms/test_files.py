"""Pseudonyms in files are replaced in place. Deliveries, secrets and locks stay untouched."""

import dataclasses
from pathlib import Path

from oic_assurance.operations.pseudonyms.files import replace_keys_in_files
from oic_assurance.operations.pseudonyms.tables import with_new_keys
from oic_assurance.settings import load_settings

OLD, NEW, OTHER = "0a" * 16, "1b" * 16, "2c" * 16
CHANGES = {OLD: NEW}


def test_only_earlier_pseudonyms_are_replaced_in_a_text() -> None:
    text = f'{{"officer_key": "{OLD}", "other": "{OTHER}", "half": "{OLD[:31]}"}} {OLD}/HYDRA'
    assert with_new_keys(text, CHANGES) == text.replace(OLD, NEW)


def test_files_are_changed_in_place_and_others_are_left(tmp_path: Path) -> None:
    settings = dataclasses.replace(load_settings(), home=tmp_path)
    page = tmp_path / "reports" / "data_docs" / "page.html"
    image = tmp_path / "reports" / "image.png"
    delivery = tmp_path / "batches" / "hr" / "file.csv"
    key = tmp_path / "secrets" / "pseudonym_key"
    for path in (page, image, delivery, key):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x00\xff" + OLD.encode() + b"\xfe" + OTHER.encode())
    page.chmod(0o640)
    (tmp_path / "reports" / "link.html").symlink_to(delivery)
    inode = page.stat().st_ino
    # A process that has a log open continues to write to the same file.
    with page.open("ab") as log:
        assert replace_keys_in_files(settings, CHANGES) == 2
        log.write(b"the next line")
    assert page.read_bytes() == (
        b"\x00\xff" + NEW.encode() + b"\xfe" + OTHER.encode() + b"the next line"
    )
    assert (page.stat().st_mode & 0o777, page.stat().st_ino) == (0o640, inode)
    assert NEW.encode() in image.read_bytes()
    assert OLD.encode() in delivery.read_bytes()
    assert OLD.encode() in key.read_bytes()
    assert replace_keys_in_files(settings, CHANGES) == 0
    assert (tmp_path / "reports" / "link.html").readlink() == delivery
