-- How landing reads what files hold, as functions that never fail: what cannot be read is null. Files
-- give Europe/London wall clocks (source contract); everything else about formats is said here once.

create schema landing;
comment on schema landing is 'Functions that read the texts of delivered files.';
grant usage on schema landing to oic_landing;

create function landing.as_iso(value text) returns text
language plpgsql stable strict parallel safe as $function$
declare
    iso text;
begin
    -- Most values have one of these shapes, and to compare shapes is cheap.
    if translate(value, '123456789T', '000000000 ') in (
        '0000-00-00', '0000-00-00 00:00', '0000-00-00 00:00:00'
    ) then
        iso := value;
    elsif value ~ '^\d{4}-\d\d-\d\d([T ] ?\d?\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?$' then
        iso := value;
    elsif value ~ '^\d?\d/\d?\d/\d{4}([T ] ?\d?\d:\d\d(:\d\d(\.\d{1,9})?)?)?$' then
        iso := regexp_replace(value, '^(\d?\d)/(\d?\d)/(\d{4})', '\3-\2-\1');
    elsif value ~ '^[0-9]{5}(\.[0-9]{1,20})?$' then
        -- Excel's count of days. A fraction is a time, kept to a little less than the second.
        iso := to_char(
            date_trunc(
                'second',
                timestamp '1899-12-30' + value::numeric * interval '1 day' + interval '0.5 second'
            ),
            'YYYY-MM-DD HH24:MI:SS'
        );
    end if;
    if pg_input_is_valid(iso, 'timestamptz') then
        return iso;
    end if;
    return null;
end
$function$;
comment on function landing.as_iso(text) is
'A day or moment in ISO form, from YYYY-MM-DD, DD/MM/YYYY or Excel''s count of days; null for others.';

create function landing.as_date(value text) returns date
language sql stable parallel safe as $function$
    select case
        when
            translate(value, '123456789', '000000000') = '0000-00-00'
            and pg_input_is_valid(value, 'date')
            then value::date
        else landing.as_iso(value)::timestamp::date
    end
$function$;
comment on function landing.as_date(text) is 'The day that a text names; a time of day is left out.';

create function landing.has_offset(iso text) returns boolean
language sql immutable parallel safe as $function$
    select iso ~ '\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$'
$function$;
comment on function landing.has_offset(text) is 'Whether a moment says its distance from UTC.';

create function landing.first_moment_of(wall_clock timestamp) returns timestamptz
language plpgsql stable strict parallel safe as $function$
declare
    -- Of an hour that the clock change repeats PostgreSQL takes the second.
    moment timestamptz := wall_clock at time zone 'Europe/London';
    hour_before timestamptz := moment - interval '1 hour';
begin
    if hour_before at time zone 'Europe/London' = wall_clock then
        return hour_before;
    end if;
    return moment;
end
$function$;
comment on function landing.first_moment_of(timestamp) is
'The first moment at which London''s clocks show a time; one that they skip counts as before the change.';

create function landing.as_moment(value text) returns timestamptz
language plpgsql stable strict parallel safe as $function$
declare
    iso text := landing.as_iso(value);
begin
    if landing.has_offset(iso) then
        return iso::timestamptz;
    end if;
    return landing.first_moment_of(iso::timestamp);
end
$function$;
comment on function landing.as_moment(text) is
'The moment that a text names, by London''s wall clock where it gives no offset.';

create function landing.is_ambiguous(value text, moment timestamptz) returns boolean
language plpgsql stable strict parallel safe as $function$
declare
    wall_clock timestamp := moment at time zone 'Europe/London';
begin
    -- The clocks show the same an hour later, or did not show what the text says.
    return not landing.has_offset(value) and (
        (moment + interval '1 hour') at time zone 'Europe/London' = wall_clock
        or landing.as_iso(value)::timestamp <> wall_clock
    );
end
$function$;
comment on function landing.is_ambiguous(text, timestamptz) is
'Whether a text, read as this moment, names a time that a clock change repeats or skips.';

create function landing.as_bigint(value text) returns bigint
language plpgsql stable strict parallel safe as $function$
begin
    if value ~ '^[+-]?\d+$' and pg_input_is_valid(value, 'bigint') then
        return value::bigint;
    end if;
    return null;
end
$function$;

create function landing.as_integer(value text) returns integer
language plpgsql stable strict parallel safe as $function$
begin
    if value ~ '^[+-]?\d+$' and pg_input_is_valid(value, 'integer') then
        return value::integer;
    end if;
    return null;
end
$function$;

create function landing.as_numeric(value text) returns numeric
language sql immutable parallel safe as $function$
    select case
        when value ~ '^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})$' then value::numeric
    end
$function$;

create function landing.as_boolean(value text) returns boolean
language sql immutable parallel safe as $function$
    select case
        when lower(value) in ('true', 't', 'yes', 'y', '1') then true
        when lower(value) in ('false', 'f', 'no', 'n', '0') then false
    end
$function$;

grant execute on all functions in schema landing to oic_landing;

-- A database row that was rejected stays in its source: it is told apart from a new one by these.
create index rejected_row_of_key on audit.rejected_row (dataset, row_key);

alter table audit.source_cursor add column key_digest text;
comment on column audit.source_cursor.key_digest is
'Of the source''s keys and cursor values at the last reconciliation: while it is the same, nothing vanished.';
