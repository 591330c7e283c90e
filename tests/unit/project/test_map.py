"""The map in CONTRIBUTING.md names every package. Each unit test is at the path of its module."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = PROJECT / "include" / "oic_assurance"
#: Packages outside `oic_assurance`, keyed by their folder in `tests/unit`.
OTHER_ROOTS = {
    "simulator": PROJECT / "include" / "simulator",
    "expectations": PROJECT / "expectations",
}


def mapped() -> list[str]:
    """Return the folders in the first column of the map, in the order of the map."""
    rows = (PROJECT / "CONTRIBUTING.md").read_text("utf-8").splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("| `")]
    return [path for cell in cells for path in re.findall(r"`([^`]+/)`", cell)]


def packages() -> list[str]:
    """Return every folder below `oic_assurance` that has Python files."""
    folders = {file.parent for file in PACKAGES.rglob("*.py")} - {PACKAGES}
    return sorted(f"{folder.relative_to(PROJECT)}/" for folder in folders)


def test_every_package_is_on_the_map() -> None:
    assert sorted(set(packages()) - set(mapped())) == []


def test_every_folder_on_the_map_exists() -> None:
    assert [path for path in mapped() if not (PROJECT / path).is_dir()] == []


def test_each_unit_test_stands_where_its_module_does() -> None:
    """A file such as `tests/unit/a/test_b.py` tests the module or package `a/b`."""
    tests = PROJECT / "tests" / "unit"
    lost = []
    for file in sorted(tests.rglob("test_*.py")):
        first, *rest = file.relative_to(tests).with_name(file.stem.removeprefix("test_")).parts
        if first == "project":
            continue
        root = OTHER_ROOTS.get(first, PACKAGES / first)
        module = root.joinpath(*rest)
        if not (module.is_dir() or module.with_suffix(".py").exists()):
            lost.append(str(file.relative_to(PROJECT)))
    assert lost == []
