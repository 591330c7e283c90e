"""Write a folder for a force from another one, and compare what two forces undertook."""

import csv
import io
import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from oic_assurance.builds.force_folder import FORM, PARTS, read_force
from oic_assurance.builds.seeds import Row, Seed, Seeds, read_seed
from oic_assurance.errors import UsageError
from oic_assurance.settings import FORCE_FILE, PROJECT_ROOT, force_areas
from oic_assurance.sources.declarations.load import datasets_of

AWAITING = "awaiting confirmation"
#: What nobody of another force has said yet. A copied row says so.
_SAID = ("approved_by", "source")
#: Whose rows say what one force or its Commissioner has done, so that no other force has them.
_DONE = ("recommendation_comment", "policy_spc_baseline")
#: What a folder without any point has: these seeds, and rows about these datasets.
_OF_EVERYBODY = ("accountable_body", "policy_voice_status")
_DATASETS_OF_EVERYBODY = ("governance/board", "governance/recommendations")


def write_like(folder: Path, like: Path, code: str, name: str = "", *, bare: bool = False) -> None:
    """Write a folder for another force, with the rows of the folder `like`.

    No row is approved or has a source, and none says what the other force has done. A `bare` folder
    has no point, and only the rows and the datasets that every force has.

    Raises:
        UsageError: The folder exists and is not empty, or there is no such force.
    """
    area = _area(code)
    read_force(like)
    _begin(folder, code, name or area)
    for part in PARTS:
        shutil.copytree(like / part, folder / part) if (like / part).is_dir() else None
    needed = read_seed(PROJECT_ROOT, "policy_threshold").columns["name"].needed
    for path in sorted(folder.rglob("*.csv")):
        header, rows = _read(path)
        if bare and path.stem not in _OF_EVERYBODY:
            about = [needed.get(row.get("name", ""), row.get("dataset")) for row in rows]
            is_kept = [one == "" or one in _DATASETS_OF_EVERYBODY for one in about]
            rows = list(itertools.compress(rows, is_kept))
        for row in rows:
            row.update({column: AWAITING for column in _SAID if column in row})
        if path.stem in _DONE:
            rows = []
        if path.stem == "accountable_body":
            body = f"Local policing body of {name or area}"
            rows = [{**rows[0], "force_code": code, "accountable_body": body}] if rows else []
        _write(path, header, rows)
    if bare:
        without = sorted({*datasets_of("force")} - {*_DATASETS_OF_EVERYBODY})
        with (folder / FORCE_FILE).open("a", encoding="utf-8") as file:
            file.write(f"without: [{', '.join(without)}]\n")


def write_from(folder: Path, seeds: Path, like: Path, homes: Mapping[str, str]) -> list[str]:
    """Write the folder of a force from the policy seeds that a checkout of version 1.0 had.

    A row that the folder `like` has too gets the source that it has there. `homes` says for each
    seed in which part its file must be. Seeds that are not in `seeds` are those of `like`. Returns
    the names of the seeds that differ from those of `like`.

    Raises:
        UsageError: The folder exists and is not empty.
    """
    of_like = read_force(like)
    _begin(folder, of_like.code, of_like.name)
    changed = []
    for name, part in sorted(homes.items()):
        header, shipped = _read(like / part / f"{name}.csv")
        sources = {_without_source(row): row.get("source", "") for row in shipped}
        rows, old = shipped, seeds / f"{name}.csv"
        if old.is_file():
            _, rows = _read(old)
            for row in rows:
                row.setdefault("source", sources.get(_without_source(row), AWAITING))
            if [_without_source(row) for row in rows] != list(sources):
                changed.append(name)
        (folder / part).mkdir(exist_ok=True)
        _write(folder / part / f"{name}.csv", header, rows)
    return changed


def differences(first: Seeds, second: Seeds) -> Iterator[dict[str, str]]:
    """Yield each cell in which the policies of two forces differ, and each row that one has alone.

    Who approved a row and its source are no difference, and neither are words.
    """
    for name in sorted({*first, *second}):
        sides = [_by_key(seeds[name]) if name in seeds else {} for seeds in (first, second)]
        for key in sorted({*sides[0], *sides[1]}):
            rows = [side.get(key) for side in sides]
            about = {"seed": name, "row": key}
            if rows[0] is None or rows[1] is None:
                said = ["none" if row is None else _in_words(row) for row in rows]
                yield {**about, "column": "", "first": said[0], "second": said[1]}
                continue
            for column in sorted({*rows[0], *rows[1]} - {*_SAID}):
                texts = [_text(row.get(column)) for row in (rows[0], rows[1])]
                if texts[0] != texts[1]:
                    yield {**about, "column": column, "first": texts[0], "second": texts[1]}


def _area(code: str) -> str:
    if code not in force_areas():
        raise UsageError(f"--code: '{code}' is not the ONS code of a police force area.")
    return force_areas()[code]


def _begin(folder: Path, code: str, name: str) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a folder that is new.")
    folder.mkdir(parents=True, exist_ok=True)
    text = f"# Of which force this folder is.\nform: {FORM}\ncode: {code}\nname: {name}\n"
    (folder / FORCE_FILE).write_text(text, encoding="utf-8")


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return list(reader.fieldnames or ()), rows


def _write(path: Path, header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def _without_source(row: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in row.items() if name != "source")


def _by_key(seed: Seed) -> dict[str, Row]:
    columns = seed.keys[0] if seed.keys else [one for one in seed.columns if one not in _SAID]
    return {" ".join(_text(row[column]) for column in columns): row for row in seed.rows}


def _in_words(row: Row) -> str:
    said = {name: _text(value) for name, value in row.items() if name not in _SAID}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value)


def _text(value: object) -> str:
    return "" if value is None else str(value)
