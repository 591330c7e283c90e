"""Each kind of problem has its words, and somebody who finds it."""

import re
from importlib import resources
from pathlib import Path
from typing import get_args

from oic_assurance.operations.doctor.registry import CHECKS
from oic_assurance.sources.files.not_taken import HIDDEN, NO_FOLDER
from oic_assurance.state.apply import problem_kinds
from oic_assurance.state.read import Severity
from tests.conftest import PROJECT_ROOT

VIEW = Path(str(resources.files("oic_assurance.state"))) / "views" / "3_problem.sql"
OPTIONAL = {"names_subject", "for_readers", "what_for_readers", "is_of_deployment", "causes"}
MODEL = PROJECT_ROOT / "dbt_project/models/intermediate/backup/int_restore_proof.sql"


def test_every_kind_has_words_and_is_found_by_the_view_or_by_a_check() -> None:
    looked_for = {code for check in CHECKS for code in check.codes}
    in_the_view = set(re.findall(r"^select '(\w+)'", VIEW.read_text("utf-8"), re.MULTILINE))
    # Without the warehouse there is no view, so whoever reads it says that it is lost.
    assert set(problem_kinds()) == looked_for | in_the_view | {"server"}
    for code, kind in problem_kinds().items():
        assert set(kind) - OPTIONAL == {"title", "severity", "who", "command"}, code
        assert kind["severity"] in get_args(Severity), code


def test_a_proof_of_a_restore_lasts_equally_long_for_the_problem_and_for_the_mart() -> None:
    part = VIEW.read_text("utf-8").partition("select 'restore'")[2].partition("union all")[0]
    (days,) = set(re.findall(r"interval '(\d+) days'", part))
    assert f'dbt.dateadd("hour", {days} * 24, "last_proven_at")' in MODEL.read_text("utf-8")


def test_the_view_knows_the_reasons_for_which_a_file_is_not_taken() -> None:
    assert all(f"'{reason}'" in VIEW.read_text("utf-8") for reason in (HIDDEN, NO_FOLDER))
