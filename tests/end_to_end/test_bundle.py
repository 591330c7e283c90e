"""A bundle proves a pack's figures without the warehouse, and reveals every change to it."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rocrate.rocrate import ROCrate

from oic_assurance.reporting.bundle.verify import BrokenError, london, result, verify
from tests.end_to_end.terminal import Terminal


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "board.pem"
    private = Ed25519PrivateKey.generate()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.fixture(scope="module")
def made(terminal: Terminal, first_run: str, key: Path) -> Path:
    """The bundle of the current publication, signed."""
    return Path(terminal.document("pack", "bundle", "--key", str(key))["bundle"]["file"])


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The bundle, unpacked."""
    with zipfile.ZipFile(made) as file:
        file.extractall(tmp_path)
    return tmp_path


def test_a_bundle_holds_and_says_what_holds_in_a_sentence(terminal: Terminal, made: Path) -> None:
    done = terminal.does("pack", "verify", str(made))
    text = " ".join(done.stdout.split())
    assert text.startswith("The bundle holds. Publication ")
    for part in ("files are as they were bundled", "that the checks passed", "signed it"):
        assert part in text


def test_the_program_in_the_bundle_needs_python_alone(folder: Path) -> None:
    command = [sys.executable, "-I", "-S", "-B", str(folder / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("The bundle holds.")
    (folder / "gates.json").write_text("[]", encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert done.returncode == 1
    assert done.stdout == "THE BUNDLE DOES NOT HOLD: gates.json was changed.\n"


def test_the_program_explains_itself_and_refuses_what_it_does_not_know(folder: Path) -> None:
    command = [sys.executable, "-I", "-S", "-B", str(folder / "verify.py")]
    for given, code, told in (
        (["--help"], 0, "requires a signature of the key"),
        (["-h"], 0, "requires a signature of the key"),
        (["--key"], 2, "verify.py --help explains it"),
        (["a", "b", "c"], 2, "verify.py --help explains it"),
    ):
        done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert told in done.stdout + done.stderr


def test_the_figures_are_those_of_the_publication(terminal: Terminal, folder: Path) -> None:
    publication = json.loads((folder / "publication.json").read_text(encoding="utf-8"))
    with psycopg.connect(terminal.url("bi")) as reader:
        shown = reader.execute(
            "select publication_id, content_fingerprint from marts.publication where is_current"
        ).fetchone()
        rows = reader.execute("select count(*) from marts.assurance_measure").fetchone()
    assert (publication["publication_id"], publication["content_fingerprint"]) == shown
    table = json.loads((folder / "figures" / "assurance_measure.json").read_text(encoding="utf-8"))
    assert (len(table["rows"]),) == rows


def test_the_rules_checks_and_batches_are_in_it(folder: Path) -> None:
    assert (folder / "rules" / "policy_threshold.csv").exists()
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    assert len(checks) > 1000
    batches = json.loads((folder / "batches.json").read_text(encoding="utf-8"))
    assert {"dataset", "sha256", "row_count"} <= set(batches[0])
    assert not [one for one in batches if "source_place" in one]


def test_the_bundle_is_an_ro_crate_that_describes_every_file(folder: Path) -> None:
    crate = ROCrate(folder)
    described = {entity.id for entity in crate.data_entities}
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {"ro-crate-metadata.json", "manifest.json"}
    }
    assert described == found - {"signature.json"}
    assert all(entity["name"] for entity in crate.data_entities)


def test_no_person_and_no_record_is_in_it(terminal: Terminal, folder: Path) -> None:
    with psycopg.connect(terminal.url("bi")) as reader:
        names = reader.execute(
            "select officer_key from marts.dim_officer"
            " union select record_ref from marts.assurance_exception where length(record_ref) > 6"
        ).fetchall()
    assert len(names) > 100
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    found = {name for (name,) in names if name.encode() in everything}
    # Modules and strands are no records of persons.
    assert not [name for name in found if name[:7] not in {"OIC-EL-", "COLLECT", "ANALYSE"}]


Damage = Callable[[Path], None]
PACK, POSITION = "pack/assurance-pack.html", "figures/assurance_position"


def edited(*files: str, before: str, after: str, repair: bool = True) -> Damage:
    """Return what replaces a text in files. The manifest is then updated, if it is not said."""

    def damage(folder: Path) -> None:
        for name in files:
            _edit(folder, name, lambda text: text.replace(before, after))
        if repair:
            _repair(folder)

    return damage


#: A point's code in the rows and in the copy for people.
changed_row = edited(f"{POSITION}.json", f"{POSITION}.csv", before="HYDRA", after="HIDRA")


def changed_fingerprint(folder: Path) -> None:
    """Change a row, its table's fingerprint and the manifest.

    The publication's fingerprint stays the same.
    """
    changed_row(folder)
    publication = json.loads((folder / "publication.json").read_text(encoding="utf-8"))
    publication["tables"]["marts.assurance_position"]["fingerprint"] = "0" * 64
    (folder / "publication.json").write_text(json.dumps(publication), encoding="utf-8")
    _repair(folder)


def no_tables(folder: Path) -> None:
    """Leave the rows out, and forge the copies that people read."""
    for path in (folder / "figures").glob("*.json"):
        path.unlink()
    _edit(folder, "figures/assurance_position.csv", lambda text: text.replace("HYDRA", "HIDRA"))
    _repair(folder)


def two_columns_in_one_name(folder: Path) -> None:
    """Join two columns into one, whose name has a line break. The fingerprint stays the same."""
    path = folder / "figures" / "assurance_position.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    (one, kind), (two, second) = table["columns"][:2]
    table["columns"][:2] = [[f"{one} {kind}\n{two}", second]]
    path.write_text(json.dumps(table), encoding="utf-8")
    _repair(folder)


def linked_file(folder: Path) -> None:
    outside = folder.parent / f"{folder.name}-gates.json"
    (folder / "gates.json").rename(outside)
    (folder / "gates.json").symlink_to(outside)


def hidden_file(folder: Path) -> None:
    (folder / "pack" / "__pycache__").mkdir()
    (folder / "pack" / "__pycache__" / "assurance-pack.html").write_text("x", encoding="utf-8")


def odd_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]", encoding="utf-8")


def key_of_every_signature(folder: Path) -> None:
    """Replace the public key with a point of a small group.

    With such a key, the equation of a signature holds for every message.
    """
    signature = json.loads((folder / "signature.json").read_text(encoding="utf-8"))
    point = "01" + "00" * 31
    forged = {**signature, "public_key": point, "signature": point + "00" * 32}
    (folder / "signature.json").write_text(json.dumps(forged), encoding="utf-8")


def _change_page(folder: Path, before: str, after: str) -> None:
    """Change what the page of the pack shows, and update the manifest."""
    edited(PACK, before=before, after=after)(folder)


def _publication(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "publication.json").read_text(encoding="utf-8"))
    return found


def _figure(folder: Path) -> str:
    """Return the figure of the point NCCU_INTEL, as the page shows it."""
    page = (folder / "pack" / "assurance-pack.html").read_text(encoding="utf-8")
    [figure] = re.findall(r"Reporting to the NCCU \(([0-9.]+%), target", page)
    return str(figure)


def changed_headline(folder: Path) -> None:
    _change_page(folder, f"NCCU ({_figure(folder)}", "NCCU (98.8%")


def changed_figure(folder: Path) -> None:
    _change_page(folder, _figure(folder), "98.8%")


def hidden_figure(folder: Path) -> None:
    figure = f'<p class="figure"><strong>{_figure(folder)}</strong>'
    _change_page(folder, figure, f"<!--{figure}-->98.8%")


def changed_moment_of_the_page(folder: Path) -> None:
    at = london(datetime.fromisoformat(_publication(folder)["as_at"]))
    _change_page(folder, at, "Tue 01 Dec 2026 05:30")


def changed_moment(folder: Path) -> None:
    """Change the moment wherever it is, but for the rows."""
    at = _publication(folder)["as_at"]
    _edit(folder, "publication.json", lambda text: text.replace(at, "2026-12-01T05:30:00+00:00"))
    _change_page(folder, london(datetime.fromisoformat(at)), "Tue 01 Dec 2026 05:30")


def changed_verdict_of_the_page(folder: Path) -> None:
    verdict, other = _verdicts(folder)
    head = "Verdict of the checks: "
    _change_page(folder, f"{head}{verdict}.<", f"{head}{other}.<")


def changed_verdict(folder: Path) -> None:
    verdict, other = _verdicts(folder)
    changed_verdict_of_the_page(folder)
    head = '"gate_verdict": '
    before, after = (f'{head}"{one}"' for one in (verdict, other))
    _edit(folder, "publication.json", lambda text: text.replace(before, after))
    _repair(folder)


def changed_verdict_of_the_stages(folder: Path) -> None:
    _, other = _verdicts(folder)
    changed_verdict(folder)
    gates = json.loads((folder / "gates.json").read_text(encoding="utf-8"))
    changed = [{**one, "verdict": other} for one in gates]
    (folder / "gates.json").write_text(json.dumps(changed), encoding="utf-8")
    _repair(folder)


def changed_verdict_and_checks(folder: Path) -> None:
    """Change the verdict, and the checks so that they give the changed one."""
    _, other = _verdicts(folder)
    changed_verdict_of_the_stages(folder)
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    for one in checks:
        one["success"] = other == "passed" or one["severity"] != "warning"
    (folder / "checks.json").write_text(json.dumps(checks), encoding="utf-8")
    _repair(folder)


def _verdicts(folder: Path) -> tuple[str, str]:
    """Return the verdict of the gate, and the one that it does not have."""
    verdict = _publication(folder)["gate_verdict"]
    return verdict, "passed" if verdict == "warning" else "warning"


def changed_time(folder: Path) -> None:
    signature = json.loads((folder / "signature.json").read_text(encoding="utf-8"))
    signature["signed_at"] = "2020-01-01T00:00:00+00:00"
    (folder / "signature.json").write_text(json.dumps(signature), encoding="utf-8")


def _edit(folder: Path, name: str, edit: Callable[[str], str]) -> None:
    path = folder / name
    before = path.read_text(encoding="utf-8")
    path.write_text(edit(before), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before


def _repair(folder: Path) -> None:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in [one for one in manifest["files"] if not (folder / one).exists()]:
        del manifest["files"][name]
    for name, entry in manifest["files"].items():
        entry["sha256"] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (edited(PACK, before="Not yet", after="Yes", repair=False), f"{PACK} was changed"),
        (lambda folder: (folder / "note.txt").touch(), "note.txt is not in the manifest"),
        (lambda folder: (folder / "checks.json").unlink(), "checks.json is missing"),
        (changed_row, "the rows of marts.assurance_position are not those that the checks passed"),
        (
            edited(f"{POSITION}.csv", before="HYDRA", after="HIDRA"),
            "assurance_position.csv does not have the values",
        ),
        (changed_fingerprint, "do not give that of the publication"),
        (
            edited("checks.json", before='"success": true', after='"success": false'),
            "the verdict on the stage .* is not that of its checks",
        ),
        (changed_headline, "the sentences at the top of the pack are not those"),
        (changed_figure, "another figure or status of NCCU_INTEL"),
        (
            edited(PACK, before="</strong> In progress<", after="</strong> Met on time<"),
            "another figure or status of",
        ),
        (hidden_figure, "the pack has 0 places for one figure"),
        (changed_moment_of_the_page, "the pack shows another as-at moment"),
        (changed_moment, "the as-at moment is not that of the rows"),
        (changed_verdict_of_the_page, "the pack shows another verdict"),
        (changed_verdict, "the verdict of the gate is not that of its stages"),
        (changed_verdict_of_the_stages, "the verdict on the stage .* is not that of its checks"),
        (changed_verdict_and_checks, "marts.data_quality_status|the verdict on the stage"),
        (no_tables, "does not have the .json file of every table"),
        (two_columns_in_one_name, "assurance_position.json is not the table"),
        (linked_file, "gates.json is neither a file nor a folder"),
        (hidden_file, "pack/__pycache__/assurance-pack.html is not in the manifest"),
        (odd_manifest, "does not have the form of a bundle's"),
        (key_of_every_signature, "the signature does not belong to this bundle"),
        (changed_time, "the signature does not belong to this bundle"),
    ],
)
def test_every_change_is_told(folder: Path, damage: Damage, told: str) -> None:
    damage(folder)
    with pytest.raises(BrokenError, match=told):
        verify(folder)


def test_without_a_signature_the_sentence_says_so(folder: Path) -> None:
    (folder / "signature.json").unlink()
    assert "this does not prove who made it" in verify(folder)
    code, sentence = result(folder)
    assert (code, sentence[:39]) == (3, "The bundle holds, and nobody signed it.")


def test_a_bundle_must_be_signed_with_the_key_that_is_asked_for(folder: Path) -> None:
    signature = json.loads((folder / "signature.json").read_text(encoding="utf-8"))
    name = hashlib.sha256(bytes.fromhex(signature["public_key"])).hexdigest()
    assert f"the key {name} signed it" in verify(folder, name.upper())
    with pytest.raises(BrokenError, match="another key has signed the bundle"):
        verify(folder, "0" * 64)
    (folder / "signature.json").unlink()
    with pytest.raises(BrokenError, match="nobody has signed the bundle"):
        verify(folder, name)


def test_a_zip_that_programs_unpack_differently_is_refused(
    terminal: Terminal, made: Path, tmp_path: Path
) -> None:
    for number, name in enumerate(("GATES.json", "../gates.json", "pack/./assurance-pack.html")):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(made.read_bytes())
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(name, "[]")
        done = terminal.assurance("pack", "verify", str(path))
        assert done.returncode == 2
        assert "has names that are no bundle's" in done.stderr


@pytest.mark.parametrize("content", [b"no key", b""])
def test_a_file_that_is_no_key_is_refused(
    terminal: Terminal, first_run: str, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    done = terminal.assurance("pack", "bundle", "--key", str(path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "is no private key in PEM form" in done.stderr
