"""Figures become public only by a release: who may make it, from what, and what is recorded."""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.release_tables import RELEASE_TABLES
from oic_assurance.publishing.releases import list_releases
from oic_assurance.publishing.rollback import release as end_hold
from oic_assurance.publishing.rollback import rollback
from oic_assurance.reporting.release import make as making
from oic_assurance.reporting.release.folder import SUMS, WITHDRAWN, write_draft
from oic_assurance.reporting.release.make import make, withdraw, write_again
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.conftest import PROJECT_ROOT
from tests.databases import Prepared
from tests.integration.asking import ask
from tests.integration.publishing import marts, release_figures
from tests.integration.publishing.marts import as_reader
from tests.integration.publishing.release_figures import (
    FEBRUARY,
    HYDRA,
    JANUARY,
    publish_figures,
    released,
)
from tests.integration.warehouse.stage_roles import may

WHO, WHY = "tester", "the quarterly release"


def set_publisher(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a publisher, a contact and a licence in a file."""
    file.write_text("publisher: Example\ncontact: A team\nlicence: A licence\n", encoding="utf-8")
    monkeypatch.setenv("ASSURANCE_PUBLISHER", str(file))


def publish_a_month(settings: Settings) -> None:
    publish_figures(settings, JANUARY, HYDRA)


@pytest.fixture
def warehouse(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A warehouse with a publication that has figures of one month and as at one month's end.

    The publisher of its releases is set.
    """
    set_publisher(tmp_path.with_suffix(".yml"), monkeypatch)
    with prepared.copy(publish_a_month) as settings:
        yield settings


def refused(settings: Settings, publication_id: int | None, tmp_path: Path, words: str) -> None:
    """Check that a release is refused with these words, and that the attempt leaves nothing."""
    before = len(list_releases(settings))
    with pytest.raises(AssuranceError, match=words):
        make(settings, publication_id, WHY, WHO, tmp_path / "refused")
    assert len(list_releases(settings)) == before
    assert list(tmp_path.glob("*refused*")) == []


def test_a_publication_releases_nothing_and_a_draft_is_for_a_look(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not (warehouse.home / "releases").exists()
    monkeypatch.delenv("ASSURANCE_PUBLISHER")
    for _ in range(2):
        look = make(warehouse, None, "a look", WHO, is_draft=True)
    folder = Path(look.folder)
    assert folder == warehouse.home / "releases" / "draft"
    assert "DRAFT" in (folder / "index.html").read_text(encoding="utf-8")
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert list_releases(warehouse) == []
    assert released(warehouse) == []
    for table in ("audit.released_figure", "audit.release"):
        assert ask(warehouse, f"select * from {table}") == []
    assert ask(warehouse, "select from audit.processing_log where to_whom = 'the public'") == []


def test_a_release_is_a_decision_with_a_name_and_a_reason(
    warehouse: Settings, tmp_path: Path
) -> None:
    for blank in ("", "  "):
        with pytest.raises(UsageError, match="needs a reason"):
            make(warehouse, None, blank, WHO)
    made = make(warehouse, None, WHY, WHO, tmp_path / "r")
    assert (made.release_id, made.publication_id, made.because) == (1, 1, WHY)
    assert made.made_by == f"oic_publish for {WHO}"
    assert released(warehouse) == [("2026-02-01", 60), ("2026-01-01", 20)]
    figures = "select release_id, numerator from audit.released_figure order by 2"
    assert ask(warehouse, figures) == [(1, 20), (1, 60)]
    logged = "select what from audit.processing_log where to_whom = 'the public'"
    ((what,),) = ask(warehouse, logged)
    assert f"release 1 of publication 1, made by {WHO}: {WHY}" in what
    assert made.sums_sha256 in what


def test_nothing_is_released_without_a_publisher_a_contact_and_a_licence(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path.with_suffix(".yml")
    file.write_text("publisher: Example\n", encoding="utf-8")
    refused(warehouse, None, tmp_path, f"{file} does not set contact and licence")


def test_only_a_publication_that_stands_can_be_released(
    warehouse: Settings, tmp_path: Path
) -> None:
    publish_figures(warehouse, JANUARY, HYDRA)
    refused(warehouse, 99, tmp_path, "no publication 99")
    rollback(warehouse, 1, "a wrong file")
    refused(warehouse, 2, tmp_path, r"was rolled back \(a wrong file\)")
    publish_figures(warehouse, JANUARY, HYDRA)
    refused(warehouse, 3, tmp_path, "waits behind a roll-back")
    end_hold(warehouse, "the file was delivered again")
    # Publication 1 is no longer current, but it was once, and it was not rolled back.
    assert make(warehouse, 1, WHY, WHO, tmp_path / "r").publication_id == 1
    # A roll-back over several withdraws each of them.
    publish_figures(warehouse, JANUARY, HYDRA)
    rollback(warehouse, 1, "every figure since was wrong")
    refused(warehouse, 3, tmp_path, r"was rolled back \(every figure since was wrong\)")
    refused(warehouse, 2, tmp_path, r"was rolled back \(a wrong file\)")


def test_a_draft_that_changed_after_its_audit_does_not_leave(
    warehouse: Settings, tmp_path: Path
) -> None:
    with connect(warehouse, role="oic_publish") as conn:
        conn.execute("update generation.public__assurance_period__1 set numerator = numerator + 5")
    refused(warehouse, None, tmp_path, "public__assurance_period__1 is not as it was audited")


def test_a_publication_of_an_earlier_version_is_not_released(
    fresh_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_publisher(tmp_path.with_suffix(".yml"), monkeypatch)
    columns, *rest = marts._PUBLIC["assurance_position"]
    inserted = release_figures._POSITIONS
    for name in ("records_left_out_at_most", "files_left_out"):
        columns = columns.replace(name, f"other_{name}")
        inserted = inserted.replace(name, f"other_{name}")
    monkeypatch.setitem(marts._PUBLIC, "assurance_position", (columns, *rest))
    monkeypatch.setattr(release_figures, "_POSITIONS", inserted)
    publish_a_month(fresh_warehouse)
    refused(fresh_warehouse, None, tmp_path, "earlier version .* from a later publication")


def test_a_release_knows_every_release_before_it(warehouse: Settings, tmp_path: Path) -> None:
    """A publication that was computed before the last release does not know it, and is refused."""
    publish_figures(warehouse, JANUARY, FEBRUARY, HYDRA)
    make(warehouse, 1, WHY, WHO, tmp_path / "one")
    refused(warehouse, 2, tmp_path, "release 1 was made after this publication was computed")
    publish_figures(warehouse, JANUARY, FEBRUARY, HYDRA)
    made = make(warehouse, 3, WHY, WHO, tmp_path / "two")
    assert made.release_id == 2
    assert ask(
        warehouse, "select period_start::text from audit.released_figure where release_id = 2"
    ) == [("2026-02-01",)]


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ([(*JANUARY[:4], 3, 30), HYDRA], "has a number from 1 to 4"),
        ([(*JANUARY[:4], 26, 30), HYDRA], "has a number from 1 to 4"),
        ([(*JANUARY[:4], 22, 32), HYDRA], "differs from release 1 by a number from 1 to 4"),
        ([(*JANUARY[:4], 26, 33), HYDRA], "differs from release 1 by a number from 1 to 4"),
        ([(*JANUARY[:2], "2026-02-28", "ALL", 40, 60), HYDRA], "overlaps the released period"),
        ([JANUARY, (*HYDRA[:4], 70, 100)], "of people is revised"),
        (
            [JANUARY, HYDRA, (HYDRA[0], "2026-03-01", "2026-03-31", "ALL", 62, 92)],
            "2026-03-01 ALL differs from 2026-02-01",
        ),
        ([JANUARY, (*JANUARY[:3], "D1", 10, 20), HYDRA], "the figure of the force is not"),
    ],
)
def test_figures_that_would_reveal_a_small_number_do_not_leave(
    warehouse: Settings,
    tmp_path: Path,
    figures: list[tuple[str, str, str, str, int, int]],
    words: str,
) -> None:
    """The last check before a release relies neither on the models nor on the gate.

    The models choose the figures to release.
    """
    make(warehouse, None, WHY, WHO, tmp_path / "one")
    publish_figures(warehouse, *figures)
    refused(warehouse, None, tmp_path, words)


def test_a_withdrawn_release_still_counts(warehouse: Settings, tmp_path: Path) -> None:
    made = make(warehouse, None, WHY, WHO, tmp_path / "one")
    done, note = withdraw(warehouse, made.release_id, "a wrong denominator", WHO)
    assert done.withdrawn_because == "a wrong denominator"
    assert note == tmp_path / "one" / WITHDRAWN
    assert "a wrong denominator" in note.read_text(encoding="utf-8")
    assert released(warehouse) == []
    publish_figures(warehouse, (*JANUARY[:4], 22, 32), HYDRA)
    refused(warehouse, None, tmp_path, "differs from release 1")
    with pytest.raises(UsageError, match="withdrawn already"):
        withdraw(warehouse, 1, "again", WHO)
    with pytest.raises(UsageError, match="no release 7"):
        withdraw(warehouse, 7, "not there", WHO)
    assert ask(
        warehouse,
        "select count(*) from audit.processing_log where action = 'disclosure' "
        f"and what = 'release 1 withdrawn by {WHO}: a wrong denominator'",
    ) == [(1,)]


def test_a_release_is_withdrawn_even_if_its_folder_takes_no_note(
    warehouse: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = make(warehouse, None, WHY, WHO, tmp_path / "one")
    (tmp_path / "one" / WITHDRAWN).mkdir()
    done, note = withdraw(warehouse, made.release_id, "a wrong denominator", WHO)
    assert done.withdrawn_at is not None
    assert note is None
    assert "do not say that release 1 is withdrawn" in caplog.text
    assert released(warehouse) == []


def test_the_files_of_a_release_are_the_same_each_time(warehouse: Settings, tmp_path: Path) -> None:
    made = make(warehouse, None, WHY, WHO, tmp_path / "one")
    again = write_again(warehouse, made.release_id, tmp_path / "two")
    assert again.sums_sha256 == made.sums_sha256
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert SUMS in one
    # The second folder is a copy. The note of a withdrawal belongs to the files that were released.
    assert again.folder == str(tmp_path / "one")
    _, note = withdraw(warehouse, made.release_id, "a wrong file", WHO)
    assert note == tmp_path / "one" / WITHDRAWN


def test_a_release_lists_what_it_revises_and_what_is_new(
    warehouse: Settings, tmp_path: Path
) -> None:
    make(warehouse, None, WHY, WHO, tmp_path / "one")
    publish_figures(warehouse, (*JANUARY[:4], 30, 45), FEBRUARY, HYDRA)
    make(warehouse, None, WHY, WHO, tmp_path / "two")
    (revised,) = revisions(tmp_path / "two")
    assert (revised["period_start"], revised["release_before"]) == ("2026-01-01", "1")
    assert (revised["numerator_before"], revised["denominator_before"]) == ("20", "30")
    assert (revised["numerator"], revised["denominator"]) == ("30", "45")
    assert revised["revision_type"] == "planned"
    first, second = (release.notes for release in reversed(list_releases(warehouse)))
    assert (first["previous"], first["revisions"]) == (None, [])
    assert second["previous"]["release_id"] == 1
    # February's referrals are new. Its training was released before.
    assert [(new["measure_code"], new["period_start"]) for new in second["first_shown"]] == [
        ("nccu_intel_compliance", "2026-02-01")
    ]


def test_a_release_says_that_it_corrects_a_withdrawn_one(
    warehouse: Settings, tmp_path: Path
) -> None:
    make(warehouse, None, WHY, WHO, tmp_path / "one")
    publish_figures(warehouse, (*JANUARY[:4], 30, 45), HYDRA)
    make(warehouse, None, WHY, WHO, tmp_path / "two")
    assert released(warehouse)[-1] == ("2026-01-01", 30)
    withdraw(warehouse, 2, "a wrong file", WHO)
    # The release before stands again, and readers see both.
    assert released(warehouse)[-1] == ("2026-01-01", 20)
    seen = "select release_id, withdrawn_because from public_release.release order by 1"
    assert ask(warehouse, seen, login="bi_reader") == [(1, None), (2, "a wrong file")]
    notice = (tmp_path / "two" / WITHDRAWN).read_text(encoding="utf-8")
    assert "The release that stands now is release 1" in notice
    publish_figures(warehouse, (*JANUARY[:4], 40, 60), HYDRA)
    make(warehouse, None, WHY, WHO, tmp_path / "three")
    (revised,) = revisions(tmp_path / "three")
    # It is compared with the figure that the public saw last, also if that was withdrawn.
    assert (revised["release_before"], revised["numerator_before"]) == ("2", "30")
    assert revised["revision_type"] == "unplanned"
    assert revised["reason"] == "Corrects release 2, which was withdrawn: a wrong file"
    notes = list_releases(warehouse)[0].notes
    assert notes["previous"]["release_id"] == 1
    assert [one["release_id"] for one in notes["withdrawn"]] == [2]


def revisions(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the table of revisions of a release's files."""
    (file,) = folder.glob("assurance_revision_*.csv")
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def test_a_release_from_before_these_files_is_not_written_again(
    warehouse: Settings, tmp_path: Path
) -> None:
    """Earlier releases had other files. Those that are in place stay as they are."""
    made = make(warehouse, None, WHY, WHO, tmp_path / "one")
    before = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    ask(warehouse, "update audit.release set notes = notes - 'first_shown' - 'previous'")
    with pytest.raises(AssuranceError, match="this code writes them differently"):
        write_again(warehouse, made.release_id, tmp_path / "two")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()} == before
    withdrawn, note = withdraw(warehouse, made.release_id, "a wrong file", WHO)
    assert note
    assert withdrawn.withdrawn_at


def test_nothing_is_readable_before_it_is_made(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the files are being written, readers see no row, and the folder is private."""
    seen: list[object] = []

    def look(settings: Settings, folder: Path, files: Mapping[str, bytes]) -> str:
        sums = write_draft(settings, folder, files)
        with as_reader(warehouse, "bi") as reader:
            for table in RELEASE_TABLES:
                seen.append(reader.execute(
                    f"select count(*) from public_release.{table.name}".encode()
                ).fetchone())  # fmt: skip
        (draft,) = tmp_path.iterdir()
        seen.append((draft.name, oct(draft.stat().st_mode & 0o777)))
        return sums

    monkeypatch.setattr(making, "write_draft", look)
    make(warehouse, None, WHY, WHO, tmp_path / "r")
    assert seen == [(0,), (0,), (0,), (".r.draft", "0o700")]
    assert oct((tmp_path / "r").stat().st_mode & 0o777) == "0o755"
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "r").iterdir()} == {"0o644"}


def test_a_release_that_is_interrupted_before_its_record_leaves_nothing(
    warehouse: Settings, tmp_path: Path
) -> None:
    enter = patch("oic_assurance.publishing.releases.enter", side_effect=KeyboardInterrupt)
    with enter, pytest.raises(KeyboardInterrupt):
        make(warehouse, None, WHY, WHO, tmp_path / "r")
    assert list(tmp_path.iterdir()) == []
    assert released(warehouse) == []
    assert ask(warehouse, "select * from audit.released_figure") == []


def test_a_release_that_is_interrupted_after_its_record_is_completed(
    warehouse: Settings, tmp_path: Path
) -> None:
    """Recorded figures count as released, even if their files were not put in place."""
    place = patch.object(making, "place_draft", side_effect=KeyboardInterrupt)
    with place, pytest.raises(KeyboardInterrupt):
        make(warehouse, None, WHY, WHO, tmp_path / "r")
    (one,) = list_releases(warehouse)
    assert one.placed_at is None
    assert not (tmp_path / "r").exists()
    done = write_again(warehouse, one.release_id)
    assert done.placed_at is not None
    assert done.folder == str(tmp_path / "r")
    assert (tmp_path / "r" / SUMS).is_file()


def test_a_folder_that_is_in_use_is_not_touched(warehouse: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear reader")
    with pytest.raises(UsageError, match="not an empty folder"):
        make(warehouse, None, WHY, WHO, tmp_path / "mine")
    assert list_releases(warehouse) == []


def test_the_released_tables_have_the_listed_columns(fresh_warehouse: Settings) -> None:
    """A column is released only if the list, the table and the model all have it."""
    columns = (
        "select attname::text from pg_attribute where attnum > 0 and not attisdropped "
        "and attrelid = %s::regclass"
    )
    for table in RELEASE_TABLES:
        found = ask(fresh_warehouse, columns, f"public_release.{table.name}")
        assert {name for (name,) in found} == {"release_id", *table.names}
        folder = PROJECT_ROOT / "dbt_project" / "models" / "marts" / "public_release"
        text = (folder / f"public_{table.name}.yml").read_text(encoding="utf-8")
        model = re.findall(r"^      - name: (\w+)$", text, flags=re.MULTILINE)
        assert set(table.names) == set(model)


@pytest.mark.parametrize("role", ["oic_landing", "oic_transform", "oic_gate", "oic_publish"])
def test_no_role_of_the_warehouse_can_forget_a_release(
    fresh_warehouse: Settings, role: str
) -> None:
    for statement in (
        "delete from audit.released_figure",
        "update audit.released_figure set numerator = 0",
        "delete from audit.release",
        "update audit.release set made_at = now()",
        "update audit.release set because = 'another reason'",
    ):
        assert not may(fresh_warehouse, role, statement)
