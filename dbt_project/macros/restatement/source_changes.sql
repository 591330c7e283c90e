{#- Find how source records have changed in the columns that the rules read. `part` and the result are
    as in `record_change`. -#}
{% macro referral_change(part) -%}
    {{
        record_change(
            part,
            source("law_enforcement", "nccu_referral"),
            "referral_ref",
            ["occurrence_ref", "reporting_officer_no", "referral_type", "contacted_at"],
            "if_created",
            deleted="left_out",
            counts="contacted_at <= as_at",
            carry=["occurrence_ref", "reporting_officer_no", "contacted_at"],
        )
    }}
{%- endmacro %}

{% macro report_change(part) -%}
    {{
        record_change(
            part,
            source("law_enforcement", "intelligence_report"),
            "report_urn",
            [
                "document_type_code",
                "grading_scheme",
                "source_evaluation",
                "intelligence_assessment",
                "handling_code",
                "handling_conditions",
                "author_officer_no",
                "occurrence_ref",
                "nccu_referral_ref",
                "status",
                if_happened("submitted_at"),
            ],
            "if_created",
            deleted="left_out",
            carry=[
                "occurrence_ref",
                "nccu_referral_ref",
                "author_officer_no",
                "submitted_at",
                "created_at",
            ],
        )
    }}
{%- endmacro %}

{% macro custody_change(part) -%}
    {{
        record_change(
            part,
            source("law_enforcement", "custody_record"),
            "custody_id",
            [
                "occurrence_ref",
                "arresting_officer_no",
                "detention_reason_code",
                "detained_at",
            ],
            "if_created",
            deleted="left_out",
            counts="detained_at <= as_at",
            carry=["occurrence_ref", "arresting_officer_no", "detained_at"],
        )
    }}
{%- endmacro %}

{% macro occurrence_change(part) -%}
    {{
        record_change(
            part,
            source("law_enforcement", "occurrence"),
            "occurrence_ref",
            ["status"],
            "if_created",
            deleted="marked",
            counts="reported_at <= as_at",
            carry=["status", "is_deleted"],
        )
    }}
{%- endmacro %}
