"""The statuses that differ from those that readers saw before."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, no_rows

# Readers are told a word. While the code is `slipping`, it can become *No clear change*, and back.
_LISTED_WRONGLY = """
with told as (
    select
        position.force_code,
        position.point_code,
        shown.status as status_before,
        position.status as status_after,
        coalesce(shown.status_word, before.label)
        <> case when position.is_unclear then 'No clear change' else after.label end as differs
    from {intermediate}.int_position as position
    inner join {audit}.build as build on build.build_id = {build_id}
    inner join {policy}.code_label as after
        on after.code_set = 'status' and after.code = position.status
    left join {audit}.published_position as shown
        on shown.publication_id = build.compared_with
        and shown.force_code = position.force_code
        and shown.point_code = position.point_code
    left join {policy}.code_label as before
        on before.code_set = 'status' and before.code = shown.status
)
select told.point_code
from told
left join {rows} as listed
    on told.force_code = listed.force_code and told.point_code = listed.point_code
where coalesce(told.differs, false) <> (listed.point_code is not null)
    or (listed.status_before, listed.status_after) <> (told.status_before, told.status_after)
"""


@mart_suite(
    "assurance_status_change", one_row_per=("point_code",), sentence_columns=("change_words",)
)
def assurance_status_change() -> Expectations:
    """Every status whose word differs from the one that readers saw before, and no other."""
    return [
        no_rows(
            "every_change_is_listed",
            _LISTED_WRONGLY,
            description="The listed changes of status are those from the compared publication.",
        )
    ]
