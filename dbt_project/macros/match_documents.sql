{#- Match documents to referrals: steps 1 to 3 of "How a referral gets its class" (mart contract).
    The result is a list of CTEs. The last CTE, `matched`, has one row per referral and document
    that belongs to the referral: force_code, referral_ref, report_urn, submitted_at,
    is_own_officer, link_method.

    referral: force_code, referral_ref, occurrence_ref, officer_key, contacted_at, first_usable_at.
    document: force_code, report_urn, occurrence_ref, named_referral_ref, officer_key, submitted_at. -#}
{% macro match_documents(referral, document) -%}
    named as (
        select
            referral.force_code,
            referral.referral_ref,
            document.report_urn,
            document.submitted_at,
            referral.officer_key = document.officer_key as is_own_officer,
            'REFERRAL_REF' as link_method
        from {{ referral }} as referral
        inner join
            {{ document }} as document
            on referral.force_code = document.force_code
            and referral.referral_ref = document.named_referral_ref
            and document.submitted_at >= referral.first_usable_at
    ),

    unnamed as (
        select * from {{ document }} where named_referral_ref is null and occurrence_ref is not null
    ),

    without_own as (
        select referral.*
        from {{ referral }} as referral
        left join
            named
            on referral.force_code = named.force_code
            and referral.referral_ref = named.referral_ref
            and named.is_own_officer
        where named.referral_ref is null and referral.occurrence_ref is not null
    ),

    {{
        take_in_order(
            "by_officer",
            "without_own",
            "unnamed",
            ["force_code", "occurrence_ref", "officer_key"],
        )
    }},

    left_over as (
        select unnamed.*
        from unnamed
        left join
            by_officer
            on unnamed.force_code = by_officer.force_code
            and unnamed.report_urn = by_officer.report_urn
        where by_officer.report_urn is null
    ),

    without_any as (
        select without_own.*
        from without_own
        left join
            named
            on without_own.force_code = named.force_code
            and without_own.referral_ref = named.referral_ref
        left join
            by_officer
            on without_own.force_code = by_officer.force_code
            and without_own.referral_ref = by_officer.referral_ref
        where named.referral_ref is null and by_officer.referral_ref is null
    ),

    {{ take_in_order("by_anyone", "without_any", "left_over", ["force_code", "occurrence_ref"]) }},

    matched as (
        select *
        from named
        union all
        select *, 'OCCURRENCE_OFFICER' as link_method
        from by_officer
        union all
        select *, 'OCCURRENCE_ONLY' as link_method
        from by_anyone
    )
{%- endmacro %}

{#- Give each referral, in order of contact, the earliest document that is not too early and that no
    earlier referral has been given. Referrals and documents are numbered in order. If the first
    usable document of referral p is document f, the referral gets document f or the document after
    the one that the previous referral got, whichever is later. No recursion is needed to compute
    its number: it is p plus the greatest (f - p) among this referral and the earlier ones. This is
    correct only if `first_usable_at` never falls while `contacted_at` rises. The test
    `first_usable_rises_with_contact` checks this condition.

    The result is a list of CTEs that ends in CTE `name`: force_code, referral_ref, report_urn,
    submitted_at, is_own_officer. -#}
{% macro take_in_order(name, waiting, documents, within) -%}
    {%- set queue = within | join(", ") -%}
    {{ name }}_waiting as (
        select
            *,
            row_number() over (
                partition by {{ queue }} order by contacted_at, referral_ref
            ) as place
        from {{ waiting }}
    ),

    {{ name }}_documents as (
        select
            *,
            row_number() over (partition by {{ queue }} order by submitted_at, report_urn) as place
        from {{ documents }}
    ),

    {{ name }}_too_early as (
        select waiting.force_code, waiting.referral_ref, count(document.report_urn) as documents
        from {{ name }}_waiting as waiting
        left join
            {{ name }}_documents as document
            on {% for column in within %}
                waiting.{{ column }} = document.{{ column }} and
            {% endfor %} document.submitted_at
            < waiting.first_usable_at
        group by waiting.force_code, waiting.referral_ref
    ),

    {{ name }}_turn as (
        select
            waiting.*,
            waiting.place + max(too_early.documents + 1 - waiting.place) over (
                partition by
                    {% for column in within %}
                        waiting.{{ column }}{{ ", " if not loop.last }}
                    {% endfor %}
                order by waiting.place
                rows between unbounded preceding and current row
            ) as takes_place
        from {{ name }}_waiting as waiting
        inner join
            {{ name }}_too_early as too_early
            on waiting.force_code = too_early.force_code
            and waiting.referral_ref = too_early.referral_ref
    ),

    {{ name }} as (
        select
            turn.force_code,
            turn.referral_ref,
            document.report_urn,
            document.submitted_at,
            turn.officer_key = document.officer_key as is_own_officer
        from {{ name }}_turn as turn
        inner join
            {{ name }}_documents as document
            on {% for column in within %}
                turn.{{ column }} = document.{{ column }} and
            {% endfor %} turn.takes_place
            = document.place
    )
{%- endmacro %}
