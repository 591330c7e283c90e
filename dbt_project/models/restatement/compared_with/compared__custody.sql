-- dbt must replace this model after stg_audit__build, not at the same time. Each drop takes the
-- models with it that depend on both, so two drops at once could deadlock.
-- depends_on: {{ ref("stg_audit__build") }}
with
    source as (
        {{
            compared_step(
                "int_immigration_custody",
                {
                    "force_code": "text",
                    "custody_id": "bigint",
                    "occurrence_ref": "text",
                    "detained_on": "date",
                    "org_unit_code": "text",
                    "has_referral": "boolean",
                },
            )
        }}
    )

select *
from source
