-- This model is a table, because a view would depend on tables of the compared publication that
-- retention or an erasure may drop.
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
