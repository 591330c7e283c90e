-- What corrections of known records do to the verdict of a point. For a point with a deadline, the
-- compared publication's records, by today's rules, are compared with the same records after the
-- corrections. New records are left out. A build for an earlier moment is not compared.
with
    comparison as (
        select * from {{ ref("stg_audit__comparison") }} where not coalesce(is_backwards, false)
    ),

    -- The last day that was over when the compared publication was computed. Sources still deliver
    -- records of its as-at day itself.
    point as (
        select
            point.force_code,
            point.point_code,
            point.measure_code,
            measure.item_code,
            point.target_threshold,
            point.starts_on,
            point.deadline,
            {{ add_days("comparison.as_at_day", -1) }} as last_day
        from {{ ref("int_point") }} as point
        inner join
            {{ ref("policy_measure") }} as measure on point.measure_code = measure.measure_code
        cross join comparison
        where point.deadline is not null and measure.is_snapshot
    ),

    {% for side, relation in [
        ("before", ref("compared__contribution")),
        ("now", ref("contribution")),
    ] %}
        span_{{ side }} as (
            select
                point.force_code,
                point.point_code,
                point.item_code,
                record.record_kind,
                record.record_ref,
                greatest(record.counts_from, point.starts_on) as counts_from,
                least(record.counts_to, {{ add_days("point.last_day", 1) }}) as counts_to,
                record.numerator,
                record.denominator
            from {{ relation }} as record
            inner join
                point
                on record.force_code = point.force_code
                and record.measure_code = point.measure_code
                and record.counts_from <= point.last_day
                and record.counts_to > point.starts_on
            where
                record.denominator > 0
                {% if side == "before" %} and record.rules = 'today' {% endif %}
        ),
    {% endfor %}

    changed_span as (
        {% for side, other in [("before", "now"), ("now", "before")] %}
            (
                select *
                from span_{{ side }}
                except
                select *
                from span_{{ other }}
            )
            {{ "union all" if loop.first }}
        {% endfor %}
    ),

    changed_record as (
        select distinct force_code, point_code, item_code, record_kind, record_ref from changed_span
    ),

    new_training_record as ({{ new_training_records() }}),

    -- What any delivery that the compared publication knew has said of a plan. A date that was
    -- taken away and then given otherwise is a correction.
    known_plan as (
        select
            plan.force_code,
            plan.plan_ref,
            max(case when plan.owner_role then 1 else 0 end) = 1 as has_owner,
            max(plan.approved_date) as approved_date,
            max(case when plan.evidence_ref then 1 else 0 end) = 1 as has_evidence,
            max(plan.review_due_date) as review_due_date
        from {{ source("general", "plan") }} as plan
        inner join comparison on plan.batch_id <= comparison.known_batch_id
        group by plan.force_code, plan.plan_ref
    ),

    -- A strand with a plan that is new, or in which something had always been blank.
    new_plan as (
        select distinct plan.force_code, plan.strand
        from {{ ref("stg_governance__plan") }} as plan
        left join
            known_plan
            on plan.force_code = known_plan.force_code
            and plan.plan_ref = known_plan.plan_ref
        where
            plan.has_owner
            and plan.approved_on is not null
            and plan.has_evidence
            and plan.review_due_on is not null
            and (
                known_plan.plan_ref is null
                or not known_plan.has_owner
                or known_plan.approved_date is null
                or not known_plan.has_evidence
                or known_plan.review_due_date is null
            )
    ),

    news as (
        select
            new.force_code,
            'officer' as record_kind,
            pseudonym.officer_key as record_ref,
            new.item_code
        from new_training_record as new
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on new.force_code = pseudonym.force_code
            and new.employee_no = pseudonym.identifier
            and pseudonym.is_person
        union
        select force_code, 'strand', strand, cast(null as {{ dbt.type_string() }})
        from new_plan
    ),

    days_met as (
        {% for side, sign in [("before", "-"), ("now", "")] %}
            select
                force_code,
                point_code,
                record_kind,
                record_ref,
                {{ sign }} numerator
                * {{ dbt.datediff("counts_from", "counts_to", "day") }} as more_days
            from span_{{ side }} {{ "union all" if loop.first }}
        {% endfor %}
    ),

    is_better as (
        select force_code, point_code, record_kind, record_ref
        from days_met
        group by force_code, point_code, record_kind, record_ref
        having sum(more_days) > 0
    ),

    -- A new record explains only a result that is better than before.
    corrected as (
        select changed_record.*
        from changed_record
        left join
            (
                select is_better.*, news.item_code
                from is_better
                inner join
                    news
                    on is_better.force_code = news.force_code
                    and is_better.record_kind = news.record_kind
                    and is_better.record_ref = news.record_ref
            ) as explained
            on changed_record.force_code = explained.force_code
            and changed_record.point_code = explained.point_code
            and changed_record.record_kind = explained.record_kind
            and changed_record.record_ref = explained.record_ref
            and coalesce(changed_record.item_code, '') = coalesce(explained.item_code, '')
        where explained.record_ref is null
    ),

    corrected_point as (
        select force_code, point_code, count(distinct record_ref) as records
        from corrected
        group by force_code, point_code
    ),

    span as (
        select 'before' as edition, span_before.*
        from span_before
        inner join
            corrected_point
            on span_before.force_code = corrected_point.force_code
            and span_before.point_code = corrected_point.point_code
        union all
        select 'corrected', span_before.*
        from span_before
        inner join
            corrected_point
            on span_before.force_code = corrected_point.force_code
            and span_before.point_code = corrected_point.point_code
        left join
            corrected
            on span_before.force_code = corrected.force_code
            and span_before.point_code = corrected.point_code
            and span_before.record_kind = corrected.record_kind
            and span_before.record_ref = corrected.record_ref
        where corrected.record_ref is null
        union all
        select 'corrected', span_now.*
        from span_now
        inner join
            corrected
            on span_now.force_code = corrected.force_code
            and span_now.point_code = corrected.point_code
            and span_now.record_kind = corrected.record_kind
            and span_now.record_ref = corrected.record_ref
    ),

    step as (
        select edition, force_code, point_code, counts_from as day, numerator, denominator
        from span
        union all
        select edition, force_code, point_code, counts_to, - numerator, - denominator
        from span
        union all
        select edition.edition, point.force_code, point.point_code, spine.day, 0, 0
        from point
        inner join
            corrected_point
            on point.force_code = corrected_point.force_code
            and point.point_code = corrected_point.point_code
        cross join
            (
                select 'before' as edition
                union all
                select 'corrected'
            ) as edition
        cross join {{ day_spine("point.starts_on", "point.last_day") }} as spine
    ),

    level as (
        select
            edition,
            force_code,
            point_code,
            day,
            sum(sum(numerator)) over figure as numerator,
            sum(sum(denominator)) over figure as denominator
        from step
        group by edition, force_code, point_code, day
        window figure as (partition by edition, force_code, point_code order by day)
    ),

    figure as (
        select
            level.*,
            point.deadline,
            point.last_day,
            level.denominator > 0
            and {{ share("level.numerator", "level.denominator") }} >= target.value as is_met
        from level
        inner join
            point
            on level.force_code = point.force_code
            and level.point_code = point.point_code
            and level.day <= point.last_day
        inner join
            {{ ref("policy_threshold") }} as target
            on point.target_threshold = target.name
            and {{ in_force("target", "level.day") }}
    ),

    with_status as (
        select
            edition,
            force_code,
            point_code,
            day,
            deadline,
            last_day,
            numerator,
            denominator,
            {{ share("numerator", "denominator") }} as value,
            {{ status_of_day() }} as status
        from
            (
                select
                    *,
                    day < deadline as is_before_deadline,
                    max(case when is_met then 1 else 0 end) over (
                        partition by edition, force_code, point_code order by day
                    )
                    = 1 as is_ever_met,
                    max(case when is_met and day = deadline then 1 else 0 end) over (
                        partition by edition, force_code, point_code
                    )
                    = 1 as is_met_on_deadline
                from figure
            ) as figure_with_history
    ),

    with_last as (
        select
            *,
            max(case when day = last_day then status end) over (
                partition by edition, force_code, point_code
            ) as last_status
        from with_status
    ),

    verdict as (
        select
            edition,
            force_code,
            point_code,
            max(last_status) as status,
            coalesce(
                {{ add_days("max(case when status <> last_status then day end)", 1) }}, min(day)
            ) as status_since,
            max(case when day = deadline then status end) as status_at_deadline,
            max(case when day = deadline then value end) as value_at_deadline,
            max(case when day = deadline then numerator end) as numerator_at_deadline,
            max(case when day = deadline then denominator end) as denominator_at_deadline
        from with_last
        group by edition, force_code, point_code
    ),

    before_and_after as (
        select
            corrected_point.force_code,
            corrected_point.point_code,
            corrected_point.records,
            {%- for column in [
                "status",
                "status_since",
                "status_at_deadline",
                "value_at_deadline",
                "numerator_at_deadline",
                "denominator_at_deadline",
            ] %}
                {%- for suffix, edition in [("before", "before"), ("after", "corrected")] %}
                    max(
                        case when verdict.edition = '{{ edition }}' then verdict.{{ column }} end
                    ) as {{ column }}_{{ suffix }} {{- "," if not loop.last }}
                {%- endfor %}
                {{- "," if not loop.last }}
            {%- endfor %}
        from corrected_point
        inner join
            verdict
            on corrected_point.force_code = verdict.force_code
            and corrected_point.point_code = verdict.point_code
        group by corrected_point.force_code, corrected_point.point_code, corrected_point.records
        union all
        select
            force_code,
            point_code,
            records,
            status_before,
            status_after
            {%- for type in ["date", "text", "float", "bigint", "bigint"] %}
                , cast(null as {{ type_of(type) }}), cast(null as {{ type_of(type) }})
            {%- endfor %}
        from {{ ref("restated__verdict_by_months") }}
    ),

    in_words as (
        select
            change.*,
            coalesce(
                change.status_at_deadline_before not in ('met_on_time', 'no_cases')
                and change.status_at_deadline_after = 'met_on_time',
                false
            ) as is_missed_made_met,
            case
                when change.status_before <> change.status_after
                then
                    'the status from '
                    || {{ label("status_before", "change.status_before") }}
                    || ' to '
                    || {{ label("status_after", "change.status_after") }}
            end as status_words,
            case
                when change.status_at_deadline_before <> change.status_at_deadline_after
                then
                    'the status on the deadline day from '
                    || {{ label("then_before", "change.status_at_deadline_before") }}
                    || ' to '
                    || {{ label("then_after", "change.status_at_deadline_after") }}
            end as status_at_deadline_words,
            case
                when
                    {{
                        differs(
                            "change.value_at_deadline_before", "change.value_at_deadline_after"
                        )
                    }}
                then
                    'the figure on the deadline day from ' || coalesce(
                        {{ as_percent("change.value_at_deadline_before") }}
                        || ' ('
                        || {{ as_count("change.numerator_at_deadline_before") }}
                        || ' of '
                        || {{ as_count("change.denominator_at_deadline_before") }}
                        || ')',
                        'none'
                    )
                    || ' to '
                    || coalesce(
                        {{ as_percent("change.value_at_deadline_after") }}
                        || ' ('
                        || {{ as_count("change.numerator_at_deadline_after") }}
                        || ' of '
                        || {{ as_count("change.denominator_at_deadline_after") }}
                        || ')',
                        'none'
                    )
            end as value_at_deadline_words,
            case
                when change.status_since_before <> change.status_since_after
                then
                    'the day since when the status holds from '
                    || {{ day_in_words("change.status_since_before") }}
                    || ' to '
                    || {{ day_in_words("change.status_since_after") }}
            end as status_since_words
        from before_and_after as change
        {% for name, column in [
                ("status_before", "status_before"),
                ("status_after", "status_after"),
                ("then_before", "status_at_deadline_before"),
                ("then_after", "status_at_deadline_after"),
            ] %}
            left join
                {{ ref("code_label") }} as {{ name }}_words
                on {{ name }}_words.code_set = 'status'
                and change.{{ column }} = {{ name }}_words.code
        {% endfor %}
    ),

    -- Each part begins with a comma, and the first one is then cut off.
    final as (
        select
            force_code,
            point_code,
            records,
            status_before,
            status_after,
            status_since_before,
            status_since_after,
            status_at_deadline_before,
            status_at_deadline_after,
            value_at_deadline_before,
            value_at_deadline_after,
            is_missed_made_met,
            'corrections of '
            || {{ counted("records", "known record", "known records") }}
            || ' change'
            || substr(
                {%- for part in [
                    "status",
                    "status_at_deadline",
                    "value_at_deadline",
                    "status_since",
                ] %}
                    coalesce(', ' || {{ part }}_words, '') {{- " ||" if not loop.last }}
                {%- endfor %},
                2
            ) as words
        from in_words
        where
            coalesce(
                status_words, status_at_deadline_words, value_at_deadline_words, status_since_words
            )
            is not null
    )

select *
from final
