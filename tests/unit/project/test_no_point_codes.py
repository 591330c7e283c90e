"""No rule, suite or page knows the code of a point: a force declares its points in its folder."""

import re

from oic_assurance.builds.declared import FILE
from oic_assurance.builds.seeds import read_seed
from tests.conftest import PROJECT_ROOT

FOLDERS = ("dbt_project/models", "dbt_project/macros", "expectations", "include/oic_assurance")
#: The measures say of which point they are, and the examples are those of the shipped folder.
ABOUT_POINTS = {FILE.as_posix(), "include/oic_assurance/reporting/documents/examples.yml"}


def test_no_point_code_stands_outside_the_folder_of_a_force() -> None:
    points = [row["point_code"] for row in read_seed(PROJECT_ROOT, "point_words").rows]
    code = re.compile(rf"\b({'|'.join(points)})\b")
    found = [
        f"{name}:{number}: {line.strip()}"
        for folder in FOLDERS
        for path in sorted((PROJECT_ROOT / folder).rglob("*"))
        if path.suffix in (".sql", ".py", ".yml", ".md", ".csv", ".j2")
        and (name := path.relative_to(PROJECT_ROOT).as_posix()) not in ABOUT_POINTS
        # The rows of a unit test are about points of its own.
        for number, line in enumerate(
            path.read_text("utf-8").split("\nunit_tests:")[0].split("\n"), 1
        )
        if code.search(line)
    ]
    assert found == []
