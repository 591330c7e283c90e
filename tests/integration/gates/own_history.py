"""Damage for the expectations that compare a table with earlier records of the same table.

The small force has no earlier records, so each SQL statement inserts some.
"""

MIXES = (
    "channel",
    "detection_route",
    "detention_reason_code",
    "district_code",
    "document_type_code",
    "grading_scheme",
    "handling_code",
    "incident_type_code",
    "recipient_agency",
    "referral_type",
)

_COPIES = (
    "insert into {t} select (jsonb_populate_record(null::{t}, to_jsonb(landed) || "
    "jsonb_build_object('row_key', 'again ' || n, %s))).* "
    "from (select * from {t} limit 1) as landed, generate_series(0, 299) as n"
)

_PUBLISHED = (
    "insert into audit.build (build_id, run_id, as_at, known_batch_id, purpose) "
    "values (0, 'before', '2026-05-14', 6, 'daily'); insert into marts.publication "
    "(publication_id, force_code, as_at, gate_verdict, is_current) "
    "values (0, 'E23000022', '2026-05-14', 'passed', true); "
)
_UNPUBLISHED = (
    "delete from marts.publication where publication_id = 0; "
    "delete from audit.build where build_id = 0"
)

HISTORY_REPAIRS = {
    "few_corrections": _UNPUBLISHED,
    "few_late_records": _UNPUBLISHED,
    "detained_at_entered_soon": _UNPUBLISHED,
    "contacted_at_entered_soon": _UNPUBLISHED,
    "as_many_as_published": "delete from marts.publication where is_current; "
    "delete from audit.table_fingerprint",
}

HISTORY_DAMAGES = {
    # Three hundred records are created on one day. In the eight weeks before, almost none were
    # created.
    "recorded_as_usual": _COPIES
    % "'created_at', case when n = 0 then '2026-03-16Z' else '2026-05-14 10:00Z' end",
    # Two hundred older records have one value in the column. A hundred later records have another
    # value.
    **dict.fromkeys(
        (f"{column}_mix_as_before" for column in MIXES),
        _COPIES
        % "'created_at', case when n < 200 then '2026-03-01Z' else '2026-05-14 10:00Z' end, "
        "'{column}', case when n < 200 then 'A' else 'B' end",
    ),
    # A publication was made from 150 records that a later delivery lacks.
    "few_corrections": _PUBLISHED
    + _COPIES.replace("|| n,", "|| n / 2,") % "'batch_id', 6 + n % 2, 'is_tombstone', n % 2 = 1",
    # A batch after the publication has three hundred records that were created in March.
    "few_late_records": _PUBLISHED + _COPIES % "'batch_id', 7, 'created_at', '2026-03-01Z'",
    # A batch after the publication has three hundred records of events in March. All were created
    # on one day in May.
    **dict.fromkeys(
        ("detained_at_entered_soon", "contacted_at_entered_soon"),
        _PUBLISHED
        + _COPIES % "'batch_id', 7, '{column}', '2026-03-01Z', 'created_at', '2026-05-14Z'",
    ),
    "not_from_the_future": "update {t} set {column} = landed_at + interval '1 day'",
    "units_listed": _COPIES % "'org_unit_code', 'NOWHERE', 'leave_date', null",
    # There are fifteen deliveries. The latest lists again only half of the rows that were new in
    # the delivery before it.
    "new_rows_listed_again": "insert into audit.batch "
    "select (jsonb_populate_record(batch, jsonb_build_object('batch_id', 100 + n, "
    "'kind', 'file', 'delivered_for', timestamptz '2026-05-14' - n * interval '1 day', "
    "'notes', jsonb_build_object('completion', jsonb_build_object("
    "'new_in_delivery_before', 10, 'of_these_listed_again', case n when 0 then 5 else 10 end))"
    "))).* from audit.batch, generate_series(0, 14) as n where dataset = '{dataset}'",
    "as_many_as_published": "insert into marts.publication "
    "(publication_id, force_code, as_at, gate_verdict, is_current) "
    "select max(build_id), 'E23000022', '2026-05-14', 'passed', true from audit.build; "
    "insert into audit.table_fingerprint select max(build_id), 'candidate', '{table}', 900, '' "
    "from audit.build on conflict (build_id, schema_name, table_name) do update set rows = 900",
    "raw_general.completion done_while_in_post": "update {t} set completed_at = '2000-01-01'",
    "raw_general.hydra_attendance done_while_in_post": "update raw_general.hydra_session "
    "set session_date = '2000-01-01'",
    "occurrence_of_its_referral": "update {t} set occurrence_ref = 'ANOTHER'",
    "shared_when_submitted": "update {t} set shared_at = '2000-01-01'",
}
