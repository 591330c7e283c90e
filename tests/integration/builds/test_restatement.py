"""Restatements name the causes of changed figures, with the exact numbers of affected records."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from oic_assurance.builds.compared_with import set_steps_aside
from oic_assurance.builds.orphans import drop_orphans
from oic_assurance.builds.record import ROLE, open_build
from oic_assurance.cli.main import run_command
from oic_assurance.cli.publication import comparison, previewed
from oic_assurance.cli.shown import as_document, as_text
from oic_assurance.errors import UsageError
from oic_assurance.operations.compare import compare
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.explain import publication_records
from oic_assurance.operations.preview import preview
from oic_assurance.publishing.rollback import rollback
from oic_assurance.publishing.schemas import MARTS, PUBLIC_DRAFT
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from tests.commands import shown
from tests.integration.builds.restated_world import (
    TwoPublications,
    at,
    two_publications,
)
from tests.oracle.examples import referral


class ChangedRules:
    """A third publication, before which two rules are changed and one referral arrives late."""

    def __init__(self, pair: TwoPublications) -> None:
        self.world = pair.world
        self.first, self.second = pair.first, pair.second
        self.world.add(
            "rms.nccu_referral",
            referral("R-JAN-3", "11", "2026-01-21T12:00", occurrence_ref="O-JAN-3"),
            "2026-04-11T12:00",
        )
        self.world.fill()
        self.world.with_policy(
            pair.folder, "policy_threshold", "timely_hours,48,2020-01-01,,The Board"
        )
        self.rules = self.world.with_policy(
            pair.folder, "policy_absence", "LONG_TERM_SICK,2020-01-01,2020-01-31,The Board"
        )
        open_build(self.world.settings, "failed", at("2026-04-11T05:30"))
        self.unknown = preview(self.rules)
        # The failed build came after the publication, so this preview cannot name records. After a
        # run with unchanged rules, the next preview can.
        self.again = self.world.publish("2026-04-11T05:30")
        self.previewed = preview(self.rules)
        self.third = self.world.publish("2026-04-12T05:30", self.rules)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoPublications]:
    with two_publications(tmp_path_factory.mktemp("restated") / "other rules") as made:
        yield made


@pytest.fixture(scope="module")
def changed_rules(pair: TwoPublications) -> ChangedRules:
    return ChangedRules(pair)


def test_the_first_publication_restates_nothing(pair: TwoPublications) -> None:
    assert pair.world.restated(pair.first) == {}


def test_the_causes_of_every_restated_figure_add_up_to_its_change(
    pair: TwoPublications,
) -> None:
    assert pair.world.check_sums(pair.world.figures(pair.first), pair.second, "2026-04") > 60


@pytest.mark.parametrize(
    ("measure", "month", "unit", "causes"),
    [
        # A referral arrived late. It counts for its officer's team and the units above, but not for
        # team T1.
        ("nccu_intel_compliance", "2026-01", "ALL", [("LATE_RECORD", 1, 0, 1)]),
        ("nccu_intel_compliance", "2026-01", "D1", [("LATE_RECORD", 1, 0, 1)]),
        ("nccu_intel_compliance", "2026-01", "T1", []),
        # A document arrived late for a known referral.
        ("nccu_intel_compliance", "2026-02", "T1", [("LATE_RECORD", 1, 1, 0)]),
        ("nccu_intel_in_time", "2026-02", "ALL", [("LATE_RECORD", 1, 1, 0)]),
        ("nccu_hours_to_submission_p50", "2026-02", "ALL", [("LATE_RECORD", 1, None, 1)]),
        # The type of a referral was corrected. The measure that counts all types does not change,
        # because it had counted the referral before.
        ("nccu_intel_compliance", "2026-03", "ALL", [("CORRECTED_RECORD", 1, 0, 1)]),
        ("nccu_intel_compliance_all_types", "2026-03", "ALL", []),
        ("nccu_intel_compliance", "2025-12", "ALL", [("DELETED_RECORD", 1, 0, -1)]),
        ("nccu_capture_completeness", "2026-01", "ALL", [("DELETED_RECORD", 1, 0, -1)]),
        # The completion of an officer's fourth module arrived late. With this module, the officer
        # has completed the whole package.
        ("elearning_module_4", "2025-11", "T1", [("LATE_RECORD", 1, 1, 0)]),
        ("elearning_module_3", "2025-11", "T1", []),
        ("elearning_completion", "2025-10", "ALL", []),
        ("elearning_completion", "2026-01", "ALL", [("LATE_RECORD", 1, 1, 0)]),
        # A corrected file also shows another officer on long-term sick leave in February, so there
        # are two causes.
        (
            "elearning_completion", "2026-02", "ALL",
            [("LATE_RECORD", 1, 1, 0), ("CORRECTED_RECORD", 1, -1, -1)],
        ),
        ("elearning_completion_incl_absent", "2026-02", "ALL", [("LATE_RECORD", 1, 1, 0)]),
        ("elearning_completion", "2026-03", "ALL", [("LATE_RECORD", 1, 1, 0)]),
        # The outcome of a session was recorded later.
        ("hydra_completion", "2026-01", "T1", [("CORRECTED_RECORD", 1, 1, 0)]),
        ("intel_plan_strands_met", "2025-07", "ALL", [("CORRECTED_RECORD", 1, 1, 0)]),
    ],
)  # fmt: skip
def test_a_changed_record_gives_the_cause_of_its_change(
    pair: TwoPublications, measure: str, month: str, unit: str, causes: list[object]
) -> None:
    assert pair.world.causes(pair.second, measure, month, unit) == causes


def test_explain_shows_why_a_figure_changed(pair: TwoPublications) -> None:
    asked = (pair.world.settings, "explain", "elearning_completion", "--period")
    restated = shown(*asked, "2026-02")["restated"]
    assert [
        (row["cause"], row["record_count"], round(row["value_change"], 3)) for row in restated
    ] == [("LATE_RECORD", 1, 0.111), ("CORRECTED_RECORD", 1, -0.014)]
    assert [round(restated[0][f"value_{when}"], 3) for when in ("before", "after")] == [
        0.778, 0.875,
    ]  # fmt: skip
    assert shown(*asked, "2025-10")["restated"] == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["hydra_complation"], "There is no measure 'hydra_complation'. Did you mean"),
        (["hydra_completion", "--period", "2019-01"], "not for 2019-01"),
        (["hydra_completion", "--unit", "T9"], "There is no unit 'T9' with hydra_completion in"),
        (["--question", "NONE"], "There is no question 'NONE'"),
        (["--record", "referal", "R-DEC-1"], "There is no kind of record 'referal'"),
    ],
)
def test_a_wrong_name_is_told_before_anything_is_computed(
    pair: TwoPublications,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    told: str,
) -> None:
    """The records of the first publication would have to be computed again."""
    computed: list[object] = []
    monkeypatch.setattr(publication_records, "run_dbt", lambda *what: computed.append(what))
    monkeypatch.setenv("ASSURANCE_HOME", str(pair.world.settings.home))
    assert run_command(["explain", *asked, "--publication", str(pair.first)]) == 2
    assert told in capsys.readouterr().err
    assert computed == []


def test_a_comparison_of_a_unit_that_does_not_exist_is_refused(pair: TwoPublications) -> None:
    with pytest.raises(UsageError, match="There is no unit 'T9' in either of them"):
        compare(pair.world.settings, pair.first, pair.second, "T9")


@pytest.mark.parametrize(
    ("code", "record", "closed_at", "because"),
    [
        ("REFERRAL_DOCUMENT_MISSING", "R-FEB-1", "2026-02-05T15:00", "DOCUMENT_SUBMITTED"),
        # The record was deleted. Its time of deletion is not known, so the exception is closed at
        # the moment of the publication.
        ("REFERRAL_DOCUMENT_MISSING", "R-DEC-2", "2026-04-11T05:30", "RECORD_WITHDRAWN"),
        ("CUSTODY_WITHOUT_REFERRAL", "O-CUS-1", "2026-04-11T05:30", "RECORD_WITHDRAWN"),
        ("TRAINING_OUTSTANDING", "OIC-EL-4", "2025-11-15T00:00", "COMPLETED"),
        ("HYDRA_PLACE_MISSING", "HYDRA", "2025-10-07T00:00", "COMPLETED"),
        ("PLAN_STRAND_NOT_MET", "SHARE", "2026-04-11T05:30", "STRAND_MET"),
    ],
)
def test_a_closed_exception_shows_when_and_why(
    pair: TwoPublications, code: str, record: str, closed_at: str, because: str
) -> None:
    found = pair.world.ask(
        f"select * from generation.assurance_exception_history__{pair.second}"
        " where exception_code = %s and record_ref = %s and not is_open",
        code,
        record,
    )
    assert [(row["first_seen_at"], row["closed_at"], row["closed_because"]) for row in found] == [
        (at("2026-04-10T05:30"), at(closed_at), because)
    ]


def test_compared_tables_outlast_failed_builds(pair: TwoPublications) -> None:
    """If a build fails, its repetition is still compared with the last publication.

    The next build is compared with that publication as well.
    """
    world = pair.world
    for _ in range(2):
        build = open_build(world.settings, "failed", at("2026-04-11T05:30"))
        set_steps_aside(world.settings, build)
        set_steps_aside(world.settings, build)
        (row,) = world.ask(
            "select compared_with,"
            " (select count(distinct record_ref) from compared_with.contribution"
            "  where record_kind = 'referral') as rows"
            " from audit.build where build_id = %s",
            build.build_id,
        )
        assert row == {"compared_with": pair.second, "rows": 6}
    with connect(world.settings, role=ROLE) as warehouse:
        warehouse.execute("create table intermediate.int_of_no_model (record_ref text)")
    assert drop_orphans(world.settings, build) == ["intermediate.int_of_no_model"]


@pytest.mark.slow
def test_a_publication_is_reproduced_exactly_and_leaves_nothing_behind(
    pair: TwoPublications,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The reproduced publication is the second, which has restatements."""
    settings = pair.world.settings
    monkeypatch.setenv("ASSURANCE_HOME", str(settings.home))
    monkeypatch.setenv("ASSURANCE_DROPZONE", settings.dropzone)
    assert run_command(["publication", "reproduce", str(pair.second)]) == 0
    out, _ = capsys.readouterr()
    (then,) = pair.world.ask(
        "select content_fingerprint from marts.publication where publication_id = %s",
        pair.second,
    )
    audited = pair.world.ask(
        "select table_name from audit.table_fingerprint"
        " where build_id = %s and schema_name like 'candidate%%'",
        pair.second,
    )
    content = then["content_fingerprint"]
    assert len(audited) >= len(MARTS.required) + len(PUBLIC_DRAFT.required)
    assert f"Equal: {len(audited)} tables." in out
    assert out.count(content) == 2, "then and now"
    left = "select nspname from pg_catalog.pg_namespace where starts_with(nspname, 'reproduce')"
    assert pair.world.ask(left) == []
    assert run_command(["publication", "reproduce", "999"]) == 2
    assert (
        "There is no publication 999: see `assurance publication list`" in capsys.readouterr().err
    )


@pytest.mark.slow
def test_a_changed_policy_is_a_rule_change_and_no_record_change(
    changed_rules: ChangedRules,
) -> None:
    world, third = changed_rules.world, changed_rules.third
    assert world.check_sums(world.figures(changed_rules.second), third, "2026-04") > 10
    # Under the new rule, a document submitted after 32 hours is in time. In addition, a referral
    # arrived late.
    assert world.causes(third, "nccu_intel_in_time", "2026-01") == [
        ("RULE_CHANGE", 1, 1, 0),
        ("LATE_RECORD", 1, 0, 1),
    ]
    assert world.causes(third, "nccu_intel_compliance", "2026-01") == [("LATE_RECORD", 1, 0, 1)]
    assert world.causes(third, "elearning_completion", "2026-02") == [("RULE_CHANGE", 1, 1, 1)]
    assert world.causes(third, "nccu_intel_compliance", "2026-02") == []


@pytest.mark.slow
def test_a_preview_shows_what_the_changed_rules_then_restate(changed_rules: ChangedRules) -> None:
    found = changed_rules.previewed
    assert {(cause["kind"], cause["name"]) for cause in found.causes} == {
        ("seed", "policy_absence"),
        ("seed", "policy_threshold"),
    }
    restated = {
        (row["measure_code"], row["period_start"], row["org_unit_code"]): (
            row["value_from"],
            row["value_to"],
        )
        for row in changed_rules.world.ask(
            f"select * from generation.restatement__{changed_rules.third}"
            " where cause = 'RULE_CHANGE'"
        )
    }
    previewed = {
        (one["measure_code"], one["month"], one["org_unit_code"]): (
            one["value_before"],
            one["value_after"],
        )
        for one in found.figures
        if one["month"] < date(2026, 4, 1) and one["value_before"] != one["value_after"]
    }
    assert len(restated) > 5
    assert previewed == restated


@pytest.mark.slow
def test_a_preview_leaves_nothing_behind_and_publishes_nothing(
    changed_rules: ChangedRules,
) -> None:
    left = changed_rules.world.ask(
        "select nspname from pg_catalog.pg_namespace where starts_with(nspname, 'reproduce')"
    )
    assert left == []
    assert changed_rules.previewed.publication.publication_id == changed_rules.again


@pytest.mark.slow
def test_a_preview_names_the_records_that_move(changed_rules: ChangedRules) -> None:
    moved = changed_rules.previewed.records
    assert {one["record_kind"] for one in moved} == {"officer", "referral"}
    assert all(one["refs"] == [] for one in moved if one["record_kind"] == "officer")
    assert all(
        len(one["refs"]) == one["records"] for one in moved if one["record_kind"] == "referral"
    )
    # The employee numbers of the force are six digits.
    result = previewed(changed_rules.previewed)
    assert not re.search(r"\b0000\d\d\b", as_document(result))
    text = as_text(result)
    assert "policy_threshold  before  name timely_hours, value 24" in text
    assert re.search("submitted_late +submitted_in_time +1\n", text)


@pytest.mark.slow
def test_after_another_build_a_preview_knows_the_figures_but_no_records(
    changed_rules: ChangedRules,
) -> None:
    unknown, known = changed_rules.unknown, changed_rules.previewed
    assert not unknown.records_are_known
    assert unknown.points == known.points
    keys = ("measure_code", "month", "value_after", "numerator_after", "denominator_after")
    assert [[one[key] for key in keys] for one in unknown.figures] == [
        [one[key] for key in keys] for one in known.figures
    ]
    assert not unknown.records
    assert "Another build ran since this publication" in as_text(previewed(unknown))


def test_two_publications_are_compared_with_the_causes_of_every_change(
    pair: TwoPublications,
) -> None:
    found = compare(pair.world.settings, pair.first, pair.second, None)
    assert found.is_explained
    restated = {
        (one.measure_code, one.month, one.org_unit_code) for one in found.figures if one.causes
    }
    assert restated == {
        (row["measure_code"], row["period_start"], row["org_unit_code"])
        for row in pair.world.ask(f"select * from generation.restatement__{pair.second}")
    }
    undone = compare(pair.world.settings, pair.second, pair.first, None)
    assert undone.is_explained
    assert [(one.before, one.after) for one in undone.figures] == [
        (one.after, one.before) for one in found.figures
    ]
    screen = as_text(comparison(found))
    assert "NOT EXPLAINED" not in screen
    assert "Late records" in screen


def test_a_publication_that_does_not_exist_cannot_be_compared(pair: TwoPublications) -> None:
    with pytest.raises(UsageError, match="There is no publication 99"):
        compare(pair.world.settings, pair.first, 99)


@pytest.mark.slow
def test_compared_tables_are_hidden_from_logins(changed_rules: ChangedRules) -> None:
    places = changed_rules.world.ask(
        "select nspname from pg_catalog.pg_namespace where nspname ~ '^(before|compared|restate)'"
    )
    assert {row["nspname"] for row in places} == {"compared_with", "compared_with_old_rules"}
    may = changed_rules.world.ask(
        "select bool_or(has_schema_privilege(r.rolname, n.nspname, 'usage')) as look"
        " from pg_catalog.pg_roles as r cross join pg_catalog.pg_namespace as n"
        " where r.rolname in ('general_processing', 'law_enforcement_processing', 'bi_reader')"
        " and n.nspname ~ '^compared'"
    )
    assert may == [{"look": False}]


@pytest.mark.slow
def test_after_a_roll_back_the_earlier_figures_are_recomputed(changed_rules: ChangedRules) -> None:
    """The warehouse keeps only the step tables of the last publication.

    If a build is compared with an earlier publication, the figures of that publication must
    therefore be recomputed.
    """
    world = changed_rules.world
    first = changed_rules.first
    rollback(world.settings, first, "to see later changes", until_next_run=True)
    again = world.publish("2026-04-12T05:30")
    assert world.check_sums(world.figures(first), again, "2026-04") > 60
    assert world.causes(again, "nccu_intel_compliance", "2026-01") == [("LATE_RECORD", 2, 0, 2)]
    assert world.causes(again, "nccu_intel_compliance", "2025-12") == [("DELETED_RECORD", 1, 0, -1)]


@pytest.mark.slow
def test_an_earlier_moment_removes_the_late_records_again(changed_rules: ChangedRules) -> None:
    world = changed_rules.world
    late = world.publish("2026-04-12T05:30")
    early = world.publish("2026-04-10T05:30")
    world.check_sums(world.figures(late), early, "2026-04")
    assert world.causes(early, "nccu_intel_compliance", "2026-01") == [("LATE_RECORD", 2, 0, -2)]
    assert world.causes(early, "nccu_intel_compliance", "2025-12") == [("DELETED_RECORD", 1, 0, 1)]


@pytest.mark.slow
def test_an_erased_record_counts_as_deleted_and_leaves_nothing_to_compare_with(
    changed_rules: ChangedRules,
) -> None:
    world = changed_rules.world
    known = world.figures(world.publish("2026-04-12T05:30"))
    record = world.row("rms.nccu_referral", referral_ref="R-JAN-3")
    world.step.tables["rms.nccu_referral"].remove(record)
    world.fill()
    dataset = datasets()["rms/nccu_referral"]
    key = str(record["referral_id"])
    assert erase(world.settings, Request(dataset, dataset.tables[0], (key,), "asked for"))
    without = world.publish("2026-04-12T05:30")
    assert world.check_sums(known, without, "2026-05") > 0
    assert world.causes(without, "nccu_intel_compliance", "2026-01") == [
        ("DELETED_RECORD", 1, 0, -1)
    ]
    left = (
        "select to_regnamespace('compared_with') as kept,"
        " to_regclass('intermediate.restated__contribution') as found"
    )
    assert world.ask(left) == [{"kept": None, "found": None}]
    again = world.publish("2026-04-12T05:30")
    assert world.restated(again) == {}
