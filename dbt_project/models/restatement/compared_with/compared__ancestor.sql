-- Replaced after it, never beside it: dropping the two with what rests on both can deadlock.
-- depends_on: {{ ref("stg_audit__build") }}
with
    source as (
        {{
            compared_step(
                "int_org_unit_ancestor",
                {
                    "force_code": "text",
                    "org_unit_code": "text",
                    "ancestor_code": "text",
                    "valid_from": "date",
                    "valid_to": "date",
                },
            )
        }}
    )

select *
from source
