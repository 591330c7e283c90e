with
    source as (
        {{
            compared_step(
                "int_nccu_referral_class",
                {
                    "force_code": "text",
                    "referral_ref": "text",
                    "occurrence_ref": "text",
                    "referral_type": "text",
                    "org_unit_code": "text",
                    "contacted_on": "date",
                    "intelligence_class": "text",
                    "report_urn": "text",
                    "hours_to_submission": "double precision",
                    "is_due": "boolean",
                    "is_counted": "boolean",
                    "is_compliant": "boolean",
                },
            )
        }}
    )

select *
from source
