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
