-- The readers of files' texts again. Nearly all values are written one plain way, which is told by a
-- look at its shape and read by what is built in: as plain SQL expressions these are taken into the
-- statement that reads a file. Only a value that is written otherwise is handed to a function.

alter function landing.as_moment(text) rename to read_moment;
alter function landing.is_ambiguous(text, timestamptz) rename to read_ambiguity;
alter function landing.as_bigint(text) rename to read_bigint;
alter function landing.as_integer(text) rename to read_integer;
alter function landing.as_numeric(text) rename to read_numeric;

create function landing.is_plain_moment(value text) returns boolean
language sql stable parallel safe as $function$
    -- To read it and to write it again is much cheaper than a pattern. Clocks change between one and
    -- two o'clock in the night, in March and October.
    select case
        when value like '_____03____01%' or value like '_____10____01%' then false
        when
            (value like '____-__-__ __:__:__' or value like '____-__-__ __:__')
            and pg_input_is_valid(value, 'timestamp')
            then value::timestamp::text = value || case length(value) when 16 then ':00' else '' end
        else false
    end
$function$;
comment on function landing.is_plain_moment(text) is
'Whether a text is a full ISO date and time without an offset, far from any change of the clocks.';

create function landing.as_moment(value text) returns timestamptz
language sql stable parallel safe as $function$
    select case
        when landing.is_plain_moment(value) then value::timestamp at time zone 'Europe/London'
        else landing.read_moment(value)
    end
$function$;
comment on function landing.as_moment(text) is
'The moment that a text names, by London''s wall clock where it gives no offset.';

create function landing.is_ambiguous(value text, moment timestamptz) returns boolean
language sql stable parallel safe as $function$
    select case
        when landing.is_plain_moment(value) then false
        else landing.read_ambiguity(value, moment)
    end
$function$;
comment on function landing.is_ambiguous(text, timestamptz) is
'Whether a text, read as this moment, names a time that a clock change repeats or skips.';

create or replace function landing.as_date(value text) returns date
language sql stable parallel safe as $function$
    select case
        when
            value like '____-__-__'
            and case when pg_input_is_valid(value, 'date') then value::date::text = value end
            then value::date
        else landing.as_iso(value)::timestamp::date
    end
$function$;

create function landing.is_plain_number(value text) returns boolean
language sql immutable parallel safe as $function$
    select length(value) between 1 and 9 and translate(value, '0123456789', '') = ''
$function$;
comment on function landing.is_plain_number(text) is 'Whether a text is one to nine digits.';

create function landing.as_bigint(value text) returns bigint
language sql stable parallel safe as $function$
    select case
        when landing.is_plain_number(value) then value::bigint else landing.read_bigint(value)
    end
$function$;

create function landing.as_integer(value text) returns integer
language sql stable parallel safe as $function$
    select case
        when landing.is_plain_number(value) then value::integer else landing.read_integer(value)
    end
$function$;

create function landing.as_numeric(value text) returns numeric
language sql stable parallel safe as $function$
    select case
        when landing.is_plain_number(value) then value::integer::numeric
        else landing.read_numeric(value)
    end
$function$;

grant execute on all functions in schema landing to oic_landing;
