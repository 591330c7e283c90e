-- Replaced after it, never beside it: dropping the two with what rests on both can deadlock.
-- depends_on: {{ ref("stg_audit__build") }}
with
    source as (
        {{
            compared_step(
                "int_plan_day",
                {
                    "force_code": "text",
                    "day": "date",
                    "strand": "text",
                    "is_met": "boolean",
                },
            )
        }}
    )

select *
from source
