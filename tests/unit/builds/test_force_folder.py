"""The folder of a force: what belongs into it, writing one, and what two forces undertook."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from oic_assurance.builds.dbt import project_of
from oic_assurance.builds.policy_check import check_policy
from oic_assurance.builds.seeds import SeedsError, homes_of_seeds, read_seeds
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.force_folders import differences, write_from, write_like
from oic_assurance.settings import DEFAULT_FOLDER, FORCE_FOLDER, load_settings
from tests.conftest import PROJECT_ROOT

SHIPPED = PROJECT_ROOT / DEFAULT_FOLDER
LEICESTERSHIRE = "E23000021"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of another force, which this process uses."""
    made = tmp_path / "leicestershire"
    write_like(made, SHIPPED, LEICESTERSHIRE)
    monkeypatch.setenv(FORCE_FOLDER, str(made))
    return made


def told(folder: Path) -> str:
    with pytest.raises(AssuranceError) as error:
        read_seeds(PROJECT_ROOT)
    return error.value.message.replace(f"{folder}/", "")


def replace_in(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")


def test_a_new_folder_is_of_its_force_and_claims_nothing(folder: Path) -> None:
    settings = load_settings()
    seeds = read_seeds(PROJECT_ROOT)
    check_policy(settings, max(row["effective_from"] for row in seeds["policy_point"].rows))
    assert settings.force_code == LEICESTERSHIRE
    assert {row["source"] for one in seeds.values() for row in one.rows if "source" in row} == {
        "awaiting confirmation"
    }
    assert not seeds["recommendation_comment"].rows
    assert [row["force_code"] for row in seeds["accountable_body"].rows] == [LEICESTERSHIRE]


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        ("notes.csv", "a", "notes.csv: the folder of a force has no such file; allowed: force.yml"),
        ("words/policy_point.csv", "a", "no such file; allowed: pledge/policy_point.csv"),
        ("pledge/policy_pont.csv", "a", "pledge/ has no such file; allowed: accountable_body"),
        ("pledge/more/policy_point.csv", "a", "the folder of a force has no such file"),
        ("pledge/notes.txt", "a", "the file has another ending; allowed: pledge/*.csv"),
        ("force.yml", "form: 2\ncode: E23000021\nname: A\n", "line 1: the folder has form 2"),
        ("force.yml", "form: 1\ncode: E23999999\nname: A\n", "line 2: 'E23999999' is not"),
        ("force.yml", "form: 1\ncode: E23000021\nnam: A\n", "line 3: the file: 'nam' is unknown"),
    ],
)
def test_what_does_not_belong_into_a_folder_is_told_with_what_does(
    folder: Path, place: str, text: str, message: str
) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text(text, "utf-8")
    assert message in told(folder)


def test_a_missing_file_and_a_row_without_a_source_are_told(folder: Path) -> None:
    (folder / "pledge/policy_absence.csv").unlink()
    point = folder / "pledge/policy_point.csv"
    replace_in(point, ",awaiting confirmation,awaiting confirmation\n", ",the Board,\n")
    message = told(folder)
    assert "pledge/policy_absence.csv, line 1: the file cannot be read" in message
    assert "pledge/policy_point.csv, line 2, column source: the cell is blank" in message


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("policy_threshold", "training_target,0.95", "training_target,90",
         "column value: '90' is not allowed; allowed: a share from 0 to 1, such as 0.95"),
        ("policy_threshold", "timely_hours,24,", "timely_hour,24,2020-01-01,,a,b\ntimely_hours,24,",
         "column name: 'timely_hour' is unknown; allowed: timely_hours"),
        ("policy_threshold", "trend_cases,5,2020-01-01,,awaiting confirmation,"
         "awaiting confirmation\n", "", "column name: there is no row for trend_cases"),
        ("../words/point_words", "ELEARNING,", "E-Learning,",
         "'E-Learning' is not allowed; allowed: at most 40 capital letters, digits"),
        ("policy_board_question", "{numerator}", "{numerater}",
         "column words: {numerater} is not filled in; allowed: a text in one line with {unit}"),
        ("policy_board_question", ",missing,", ",mising,",
         "column record_class: 'mising' is unknown"),
        ("policy_point", "2026-04-30,deadline,", "2026-04-30,recent_period,",
         "column judged_by: hydra_completion counts what there is on a day, and has no period"),
        ("policy_point", "nccu_intel_compliance,", "nccu_inteligence_compliance,",
         "column measure_code: 'nccu_inteligence_compliance' is unknown"),
    ],
)  # fmt: skip
def test_a_wrong_row_of_policy_is_told(
    folder: Path, file: str, before: str, after: str, message: str
) -> None:
    replace_in(folder / f"pledge/{file}.csv", before, after)
    assert message in told(folder)


def test_a_bare_folder_lacks_only_a_point_and_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bare"
    write_like(folder, SHIPPED, LEICESTERSHIRE, bare=True)
    monkeypatch.setenv(FORCE_FOLDER, str(folder))
    with pytest.raises(SeedsError, match="2 mistakes") as error:
        check_policy(load_settings(), date(2026, 6, 1))
    assert "policy_point.csv, line 1: there is no row on 2020-01-01;" in error.value.message
    assert "policy_point_owner.csv, line 1: there is no row on" in error.value.message


def test_hidden_files_are_nobodys_business(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").write_text("a", "utf-8")
    (folder / "README.md").write_text("a", "utf-8")
    assert read_seeds(PROJECT_ROOT)


def test_the_code_of_the_folder_is_the_code_of_the_force(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_FORCE_CODE", "E23000022")
    with pytest.raises(UsageError, match="'E23000022' is not the force of ASSURANCE_FORCE_FOLDER"):
        load_settings()


def test_two_folders_differ_in_the_cells_that_somebody_changed(folder: Path) -> None:
    theirs = read_seeds(PROJECT_ROOT)
    replace_in(
        folder / "pledge/policy_threshold.csv", "training_target,0.95", "training_target,0.9"
    )
    absence = folder / "pledge/policy_absence.csv"
    kept = [line for line in absence.read_text("utf-8").splitlines() if "MATERNITY" not in line]
    absence.write_text("\n".join(kept) + "\n", "utf-8")
    found = list(differences(theirs, read_seeds(PROJECT_ROOT)))
    assert [(one["seed"], one["column"], one["second"]) for one in found] == [
        ("policy_absence", "", "none"),
        ("policy_threshold", "value", "0.9"),
    ]


def test_a_folder_from_the_seeds_of_version_1_0_keeps_the_policy_and_finds_sources(
    tmp_path: Path,
) -> None:
    homes = homes_of_seeds(PROJECT_ROOT)
    old = tmp_path / "seeds"
    old.mkdir()
    for name, part in homes.items():
        lines = (SHIPPED / part / f"{name}.csv").read_text("utf-8").splitlines()
        if lines[0].endswith(",source") and name != "accountable_body":
            lines = [_without_last(line) for line in lines]
        (old / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    replace_in(old / "policy_threshold.csv", "training_target,0.95", "training_target,0.8")
    made = tmp_path / "made"
    assert write_from(made, old, SHIPPED, homes) == ["policy_threshold"]
    texts = (made / "pledge/policy_threshold.csv").read_text("utf-8").splitlines()
    [changed] = [line for line in texts if line.startswith("training_target")]
    assert changed.startswith("training_target,0.8,")
    [kept] = [line for line in texts if line.startswith("comment_days")]
    assert kept.endswith('"Police Act 1996, section 55(5A)"')


def _without_last(line: str) -> str:
    return line.rpartition(',"')[0] if line.endswith('"') else line.rpartition(",")[0]


def test_a_policy_that_version_1_0_left_in_the_checkout_stops_everything(tmp_path: Path) -> None:
    for place in ("seeds", "forces"):
        shutil.copytree(PROJECT_ROOT / "dbt_project" / place, tmp_path / "dbt_project" / place)
    shutil.copytree(
        PROJECT_ROOT / "dbt_project/macros/measures", tmp_path / "dbt_project/macros/measures"
    )
    (tmp_path / "dbt_project/seeds/policy_absence.csv").write_text("absence_status\n", "utf-8")
    with pytest.raises(SeedsError, match=r"force new FOLDER --from dbt_project/seeds` writes"):
        read_seeds(tmp_path)


def test_dbt_sees_a_folder_of_its_own_inside_its_project(folder: Path) -> None:
    project = project_of(load_settings())
    assert not project.samefile(PROJECT_ROOT / "dbt_project")
    inside = project / "forces" / folder.name / "pledge" / "policy_point.csv"
    assert inside.samefile(folder / "pledge/policy_point.csv")
    assert (project / "models").is_dir()
