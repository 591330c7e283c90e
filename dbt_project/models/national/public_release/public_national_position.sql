{{ config(alias="national_position") }}

with
    final as (
        select
            public.force_code,
            public.area_code,
            public.area_kind,
            public.point_code,
            public.is_withheld,
            public.why_withheld,
            public.figures_from,
            public.figures_to,
            public.numerator,
            public.denominator,
            public.forces_shown,
            {{ share("public.numerator", "public.denominator") }} as value,
            build.publication_id
        from {{ ref("int_national_public") }} as public
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
