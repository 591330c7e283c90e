with
    source as (
        {{
            compared_step(
                "int_training_requirement",
                {
                    "force_code": "text",
                    "employee_no": "text",
                    "requirement_code": "text",
                    "in_post_from": "date",
                    "in_post_to": "date",
                    "completed_on": "date",
                },
            )
        }}
    )

select *
from source
