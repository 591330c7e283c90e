with
    source as (
        {{
            compared_step(
                "evidence",
                {
                    "force_code": "text",
                    "record_kind": "text",
                    "record_ref": "text",
                    "reading": "text",
                    "source_key": "text",
                    "nearness": "integer",
                    "nearness_moved": "integer",
                },
            )
        }}
    )

select *
from source
