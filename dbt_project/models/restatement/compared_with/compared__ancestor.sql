-- dbt must replace this model after stg_audit__build, not at the same time. Each drop takes the
-- models with it that depend on both, so two drops at once could deadlock.
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
