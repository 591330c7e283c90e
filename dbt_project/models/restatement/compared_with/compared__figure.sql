-- Replaced after it, never beside it: dropping the two with what rests on both can deadlock.
-- depends_on: {{ ref("stg_audit__build") }}
-- A copy: a view would hold on to the generation, which retention or an erasure may drop.
{{ config(materialized="table") }}

with
    source as (
        {{
            compared_mart(
                "assurance_measure",
                {
                    "force_code": "text",
                    "measure_code": "text",
                    "period_start": "date",
                    "org_unit_code": "text",
                    "numerator": "bigint",
                    "denominator": "bigint",
                    "value": "double precision",
                },
            )
        }}
    )

select *
from source
