with
    source as (
        {{
            compared_step(
                "int_training_person",
                {
                    "force_code": "text",
                    "employee_no": "text",
                    "point_code": "text",
                    "org_unit_code": "text",
                    "is_long_term_absent": "boolean",
                    "in_post_from": "date",
                    "in_post_to": "date",
                    "completed_on": "date",
                },
            )
        }}
    )

select *
from source
