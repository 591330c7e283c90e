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
