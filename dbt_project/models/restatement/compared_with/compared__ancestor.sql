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
