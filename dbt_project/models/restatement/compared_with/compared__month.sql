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
