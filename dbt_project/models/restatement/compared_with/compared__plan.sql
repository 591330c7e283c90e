-- dbt must replace this model after stg_audit__build, not at the same time. Each drop takes the
-- models with it that depend on both, so two drops at once could deadlock.
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
