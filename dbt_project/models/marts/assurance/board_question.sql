with
    final as (
        select
            question.force_code,
            question.point_code,
            cast(question.rank as integer) as rank,
            question.rule_code,
            question.org_unit_code,
            question.words,
            cast(question.numerator as bigint) as numerator,
            cast(question.denominator as bigint) as denominator,
            cast(question.reference_numerator as bigint) as reference_numerator,
            cast(question.reference_denominator as bigint) as reference_denominator,
            question.since,
            build.publication_id
        from {{ ref("int_board_question") }} as question
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
