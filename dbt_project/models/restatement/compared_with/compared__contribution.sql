with
    source as (
        {{
            compared_step(
                "contribution",
                {
                    "force_code": "text",
                    "measure_code": "text",
                    "record_kind": "text",
                    "record_ref": "text",
                    "org_unit_code": "text",
                    "counts_from": "date",
                    "counts_to": "date",
                    "class": "text",
                    "numerator": "integer",
                    "denominator": "integer",
                    "hours_to_submission": "double precision",
                    "related_ref": "text",
                },
            )
        }}
    )

select *
from source
