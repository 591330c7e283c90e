"""Damage to the second day that is repaired before the third day."""

from tests.catalogue.defect import Days, Files, defect
from tests.catalogue.rewrite import Row, change_book, change_rows

_NIGHT, _NEXT_NIGHT = "'2026-05-05 01:00Z'", "'2026-05-06 01:00Z'"

_TYPED_WRONGLY = f"""
    create table rms.kept as
    select referral_id from rms.nccu_referral where referral_type = 'STATUS_CHECK';
    update rms.nccu_referral set referral_type = 'IMMIGRATION_CRIME', updated_at = {_NIGHT}
    where referral_id in (select referral_id from rms.kept)
"""
_TYPED_BACK = f"""
    update rms.nccu_referral set referral_type = 'STATUS_CHECK', updated_at = {_NEXT_NIGHT}
    where referral_id in (select referral_id from rms.kept)
"""


@defect("days", place="rms", caught_by="rms/nccu_referral not extracted")
def a_table_truncated_and_filled_again() -> Days:
    """While a replica was rebuilt, a table was empty on one day and complete on the next."""
    return Days(
        "create table rms.kept as table rms.nccu_referral; truncate rms.nccu_referral",
        "insert into rms.nccu_referral table rms.kept",
        "unknown",
    )


@defect("days", place="rms", caught_by="rms/custody_record not extracted")
def a_replica_filled_in_part_and_then_whole() -> Days:
    """A replica had only a third of the custody records, and all of them a day later."""
    return Days(
        "create table rms.kept as select * from rms.custody_record where custody_id % 3 <> 0;"
        "delete from rms.custody_record where custody_id % 3 <> 0",
        "insert into rms.custody_record table rms.kept",
        "unknown",
    )


@defect("days", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def records_missing_for_a_day() -> Days:
    """A replica lacked two fifths of the custody records for a day."""
    return Days(
        "create table rms.kept as select * from rms.custody_record where custody_id % 5 < 2;"
        "delete from rms.custody_record where custody_id % 5 < 2",
        "insert into rms.custody_record table rms.kept",
        "caveat",
    )


@defect(
    "days",
    place="rms",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def types_changed_and_changed_back() -> Days:
    """A clean-up of codes changed the type of every status check, and was undone."""
    return Days(_TYPED_WRONGLY, _TYPED_BACK, "held")


@defect(
    "days",
    place="rms",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def types_approved_and_changed_back() -> Days:
    """A person approved the status checks' new types, and the source then undid the change."""
    return Days(_TYPED_WRONGLY, _TYPED_BACK, "held", is_approved=True, is_held_again=True)


@defect(
    "days",
    place="intelligence",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def documents_rejected_and_submitted_again() -> Days:
    """A script rejected half of the documents, and the system's owner undid that the next day."""
    return Days(
        f"""
            create table intel.kept as
            select report_id from intel.report where status = 'SUBMITTED' and report_id % 2 = 0;
            update intel.report set status = 'REJECTED', updated_at = {_NIGHT}
            where report_id in (select report_id from intel.kept)
        """,
        f"""
            update intel.report set status = 'SUBMITTED', updated_at = {_NEXT_NIGHT}
            where report_id in (select report_id from intel.kept)
        """,
        "held",
    )


@defect("days", place="intelligence", caught_by="intelligence/report not extracted")
def a_column_lost_and_added_again() -> Days:
    """A release dropped a column of the documents, and a patch brought it back."""
    return Days(
        "alter table intel.report rename column author_officer_no to author_no",
        "alter table intel.report rename column author_no to author_officer_no",
        "unknown",
    )


@defect("days", place="hr/personnel", caught_by="hr/personnel refused")
def a_third_of_the_list_and_then_the_whole(files: Files) -> Days:
    """The export stopped after a third of the personnel, and was complete the next day."""
    return Days(b"".join(files.lines[: len(files.lines) // 3]), files.today, "unknown")


@defect("days", place="hr/personnel", caught_by="raw_general.personnel few_vanished")
def half_of_the_list_and_then_the_whole(files: Files) -> Days:
    """Every second person was missing from one day's personnel file."""
    return Days(b"".join([files.lines[0], *files.lines[1::2]]), files.today, "caveat")


@defect("days", place="hr/personnel", caught_by="hr/personnel not taken")
def a_name_of_a_copy_and_then_the_right_one(files: Files) -> Days:
    """A browser gave the personnel file the name of a copy, which was put right a day later."""
    return Days({"personnel_20260504 (1).csv": files.today}, files.today, "unknown")


@defect("days", place="lms/completions", caught_by="lms/completions refused")
def a_refused_file_and_then_a_good_one(files: Files) -> Days:
    """The download saved the portal's login page, and the file itself came the next day."""
    page = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>\n"
    return Days(page, files.today, "unknown")


@defect("days", place="hydra/attendance", caught_by="hydra/attendance refused")
def a_sheet_renamed_and_named_back(files: Files) -> Days:
    """Somebody renamed a sheet of the Hydra workbook, and later restored its name."""
    renamed = change_book(
        files.today,
        lambda sheets: {name.replace("Attend", "Book"): sheets[name] for name in sheets},
    )
    return Days(renamed, files.today, "unknown")


@defect(
    "days",
    place="hr/personnel",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def roles_exchanged_and_exchanged_back(files: Files) -> Days:
    """Investigators became response officers in one personnel file, but not in the next."""

    def change(row: Row) -> Row:
        if row["role_code"] == "INVESTIGATION":
            return {**row, "role_code": "RESPONSE"}
        return row

    return Days(change_rows(files.today, change), files.today, "held")
