-- What the views of state rest on. Relations that dbt makes can be missing, and dbt drops them to make them anew, so no view
-- may name them: functions look them up when they are called.

create function state.now() returns timestamptz
language sql stable set search_path = ''
return coalesce(nullif(current_setting('assurance.now', true), '')::timestamptz, statement_timestamp());
comment on function state.now() is 'The moment that the views are about: now, or the moment that the session has set for itself.';

create function state.setting(wanted text) returns text
language sql stable security definer set search_path = '' set client_min_messages = error
return (select value from audit.setting where name = wanted);
comment on function state.setting(text) is 'A setting of the deployment, or null.';

create function state.london(moment timestamptz) returns text
language sql immutable set search_path = ''
return to_char(moment at time zone 'Europe/London', 'Dy DD Mon YYYY HH24:MI')
    -- In the hour that occurs twice when summer time ends, the UTC offset follows.
    || case moment at time zone 'Europe/London'
        when (moment + interval '1 hour') at time zone 'Europe/London' then ' +01:00'
        when (moment - interval '1 hour') at time zone 'Europe/London' then ' +00:00'
        else ''
    end;
comment on function state.london(timestamptz) is
'A moment in London time, such as "Thu 09 Jul 2026 05:30", with its UTC offset if the hour occurs twice on that day.';

create function state.freshness() returns table (
    dataset text, verdict text, reason text, last_record_at timestamptz, last_landed_at timestamptz, due_by timestamptz, points text,
    days_without_news integer, is_quiet boolean
)
language plpgsql stable security definer set search_path = '' set client_min_messages = error
as $$
declare
    -- The result of the last build, even if it was not published. If it is for an earlier moment than what readers see, it says
    -- nothing about now.
    is_of_the_past constant boolean := coalesce(
        (select build.as_at from audit.build as build where build.purpose = 'daily' order by build.build_id desc limit 1)
        < (select shown.as_at from marts.publication as shown where shown.is_current), false
    );
    place constant text := case when is_of_the_past then 'marts.source_freshness' else 'intermediate.int_source_freshness' end;
    points_of constant text := coalesce(to_regclass('policy.point_dataset'), to_regclass('policy.policy_point_dataset'))::text;
begin
    if to_regclass(place) is null then
        return;
    end if;
    return query execute format(
        -- A publication of an earlier version has no column about news.
        'select found.dataset, found.verdict, found.reason, found.last_record_at, found.last_landed_at, found.due_by, %s, '
        '(to_jsonb(found) ->> ''days_without_news'')::integer, coalesce((to_jsonb(found) ->> ''is_quiet'')::boolean, false) '
        'from %s as found where found.force_code = $1',
        case when points_of is null then 'null' else format(
            '(select string_agg(distinct point.point_code, '', '' order by point.point_code) from %s as point '
            'where point.dataset = found.dataset)', points_of
        ) end, place
    ) using state.setting('force_code');
end
$$;
comment on function state.freshness() is 'How fresh each dataset is, by the last build or by the publication that readers see.';
