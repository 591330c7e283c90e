with
    build as (select * from {{ ref("stg_audit__build") }}),

    unit as (select * from {{ ref("int_org_unit") }}),

    -- The units above a unit, and the unit itself, as on the as-at day.
    level as (
        select
            ancestor.force_code,
            ancestor.org_unit_code,
            above.kind,
            min(above.org_unit_code) as code,
            min(above.org_unit_name) as name
        from {{ ref("int_org_unit_ancestor") }} as ancestor
        inner join
            build on build.as_at_day >= ancestor.valid_from and build.as_at_day < ancestor.valid_to
        inner join
            unit as above
            on ancestor.force_code = above.force_code
            and ancestor.ancestor_code = above.org_unit_code
        group by ancestor.force_code, ancestor.org_unit_code, above.kind
        -- A unit that has two units of one kind above it has no single unit of that kind.
        having count(*) = 1
    ),

    final as (
        select
            unit.force_code,
            unit.org_unit_code,
            unit.org_unit_name,
            unit.parent_org_unit_code,
            unit.kind,
            {% for kind in ["directorate", "district", "team"] %}
                {{ kind }}.code as {{ kind }}, {{ kind }}.name as {{ kind }}_label,
            {% endfor %}
            unit.source_unit_code,
            unit.is_current,
            build.publication_id
        from unit
        cross join build
        {% for kind in ["directorate", "district", "team"] %}
            left join
                level as {{ kind }}
                on unit.force_code = {{ kind }}.force_code
                and unit.org_unit_code = {{ kind }}.org_unit_code
                and {{ kind }}.kind = '{{ kind | upper }}'
        {% endfor %}
    )

select *
from final
