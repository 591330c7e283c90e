-- dbt must replace this model after stg_audit__build, not at the same time. Each drop takes the
-- models with it that depend on both, so two drops at once could deadlock.
-- depends_on: {{ ref("stg_audit__build") }}
with
    source as (
        {{
            compared_step(
                "int_measure_month",
                {
                    "force_code": "text",
                    "measure_code": "text",
                    "point_code": "text",
                    "period_start": "date",
                    "as_on": "date",
                },
            )
        }}
    )

select *
from source
