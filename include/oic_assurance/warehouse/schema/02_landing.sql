-- The schemas of landed records, whose tables landing makes as the sources are declared, and the functions by which landing reads
-- the texts of delivered files. What cannot be read is null, and no function fails. Files give wall clocks of Europe/London.

create schema raw_general authorization oic_landing;
create schema raw_law_enforcement authorization oic_landing;
create schema landing;
comment on schema raw_general is
'Personnel, units, training, plans: every version of every landed record, for general processing.';
comment on schema raw_law_enforcement is
'Operational and intelligence records without narratives: every landed version (DPA 2018 Part 3).';
comment on schema landing is 'Functions that read the texts of delivered files.';
set local role oic_landing;
grant usage on schema raw_general to oic_transform, oic_gate, oic_erasure, general_processing, assurance_looker;
grant usage on schema
    raw_law_enforcement
to oic_transform, oic_gate, oic_erasure, law_enforcement_processing, assurance_looker;
alter default privileges in schema raw_general
grant select on tables to oic_transform, oic_gate, general_processing, assurance_looker;
alter default privileges in schema raw_law_enforcement
grant select on tables to oic_transform, oic_gate, law_enforcement_processing, assurance_looker;
alter default privileges in schema raw_general, raw_law_enforcement grant select, delete on tables to oic_erasure;
reset role;
grant usage on schema landing to oic_landing, oic_erasure;

-- Functions

create function landing.as_iso(value text) returns text
language plpgsql stable strict parallel safe
as $function$
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

create function landing.has_offset(iso text) returns boolean
language sql immutable parallel safe
as $function$
    select iso ~ '\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$'
$function$;
comment on function landing.has_offset(text) is 'Whether a moment says its distance from UTC.';

-- A day with an offset is the day of that moment in London.
create function landing.as_date(value text) returns date
language sql stable parallel safe
as $function$
    select case
        when
            value like '____-__-__'
            and case when pg_input_is_valid(value, 'date') then value::date::text = value end
            then value::date
        when landing.has_offset(landing.as_iso(value))
            then (landing.as_iso(value)::timestamptz at time zone 'Europe/London')::date
        else landing.as_iso(value)::timestamp::date
    end
$function$;
comment on function landing.as_date(text) is
'The day that a text names. Without an offset the time of day is left out; with one it is the day in London.';

create function landing.first_moment_of(wall_clock timestamp) returns timestamptz
language plpgsql stable strict parallel safe
as $function$
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

create function landing.read_moment(value text) returns timestamptz
language plpgsql stable strict parallel safe
as $function$
declare
    iso text := landing.as_iso(value);
begin
    if landing.has_offset(iso) then
        return iso::timestamptz;
    end if;
    return landing.first_moment_of(iso::timestamp);
end
$function$;
comment on function landing.read_moment(text) is
'The moment that a text names, by London''s wall clock where it gives no offset.';

create function landing.read_ambiguity(value text, moment timestamptz) returns boolean
language plpgsql stable strict parallel safe
as $function$
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
comment on function landing.read_ambiguity(text, timestamptz) is
'Whether a text, read as this moment, names a time that a clock change repeats or skips.';

create function landing.read_bigint(value text) returns bigint
language plpgsql stable strict parallel safe
as $function$
begin
    if value ~ '^[+-]?\d+$' and pg_input_is_valid(value, 'bigint') then
        return value::bigint;
    end if;
    return null;
end
$function$;

create function landing.read_integer(value text) returns integer
language plpgsql stable strict parallel safe
as $function$
begin
    if value ~ '^[+-]?\d+$' and pg_input_is_valid(value, 'integer') then
        return value::integer;
    end if;
    return null;
end
$function$;

create function landing.read_numeric(value text) returns numeric
language sql immutable parallel safe
as $function$
    select case
        when value ~ '^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})$' then value::numeric
    end
$function$;

create function landing.as_boolean(value text) returns boolean
language sql immutable parallel safe
as $function$
    select case
        when lower(value) in ('true', 't', 'yes', 'y', '1') then true
        when lower(value) in ('false', 'f', 'no', 'n', '0') then false
    end
$function$;

create function landing.is_plain_moment(value text) returns boolean
language sql stable parallel safe
as $function$
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
language sql stable parallel safe
as $function$
    select case
        when landing.is_plain_moment(value) then value::timestamp at time zone 'Europe/London'
        else landing.read_moment(value)
    end
$function$;
comment on function landing.as_moment(text) is
'The moment that a text names, by London''s wall clock where it gives no offset.';

create function landing.is_ambiguous(value text, moment timestamptz) returns boolean
language sql stable parallel safe
as $function$
    select case
        when landing.is_plain_moment(value) then false
        else landing.read_ambiguity(value, moment)
    end
$function$;
comment on function landing.is_ambiguous(text, timestamptz) is
'Whether a text, read as this moment, names a time that a clock change repeats or skips.';

create function landing.is_plain_number(value text) returns boolean
language sql immutable parallel safe
as $function$
    select length(value) between 1 and 9 and translate(value, '0123456789', '') = ''
$function$;
comment on function landing.is_plain_number(text) is 'Whether a text is one to nine digits.';

create function landing.as_bigint(value text) returns bigint
language sql stable parallel safe
as $function$
    select case
        when landing.is_plain_number(value) then value::bigint else landing.read_bigint(value)
    end
$function$;

create function landing.as_integer(value text) returns integer
language sql stable parallel safe
as $function$
    select case
        when landing.is_plain_number(value) then value::integer else landing.read_integer(value)
    end
$function$;

create function landing.as_numeric(value text) returns numeric
language sql stable parallel safe
as $function$
    select case
        when landing.is_plain_number(value) then value::integer::numeric
        else landing.read_numeric(value)
    end
$function$;

-- The words of a text in their order, with what decides whether a word is a name.
create function landing.words_of(
    value text
) returns table (
    place bigint,
    word text,
    plain text,
    is_capital boolean,
    is_possessive boolean,
    follows text,
    next_word text
)
language sql immutable parallel safe
as $function$
    with token as (
        select place, found[1] as text, found[1] ~ '^[[:alpha:]]' as is_word
        from regexp_matches(value, '([[:alpha:]][[:alnum:]_''’-]*|[0-9]+|[^[:alnum:][:blank:]])', 'g')
        with ordinality as each (found, place)
    ),
    joined as (
        select
            place,
            text,
            is_word,
            -- The point after an initial or after the short form of a title ends no sentence.
            text = '.' and lag(text) over words ~* '^([a-z]|mr|mrs|ms|mx|dr|prof|rev|cllr|sgt|insp|supt|ch|det|no)$'
            as is_point_of_short_form
        from token
        window words as (order by place)
    ),
    counted as (
        select
            place,
            text,
            is_word,
            coalesce(lag(text) over words, '') as follows,
            coalesce(lead(text) over words, '') as next_word
        from joined
        where not is_point_of_short_form
        window words as (order by place)
    )
    select
        place,
        text,
        regexp_replace(lower(text), '(''s|’s|''|’|-)$', ''),
        text ~ '^[[:upper:]]',
        text ~ '(''|’)s$',
        follows,
        next_word
    from counted
    where is_word
$function$;
comment on function landing.words_of(text) is
'The words of a text: in small letters and without a possessive (plain), and the words or signs beside each.';

-- `known` has the words that are no names, in small letters. `roles` has those of them that may follow a rank,
-- as in "DCI Intelligence". `given` has first names.
create function landing.may_name_person(value text, known text [], roles text [], given text []) returns boolean
language sql immutable parallel safe
as $function$
    with word as materialized (
        select
            each.*,
            -- Parts of a word with a hyphen are looked up one by one. A plural is known if its singular is.
            (
                select bool_and(
                    part = any(known)
                    or regexp_replace(part, '(es|ed|ing|ly)$', '') = any(known)
                    or regexp_replace(part, '(s|d)$', '') = any(known)
                    or regexp_replace(part, 'ies$', 'y') = any(known)
                    or regexp_replace(part, 'ing$', 'e') = any(known)
                )
                from unnest(regexp_split_to_array(each.plain, '[-_]')) as part
                where part <> ''
            ) as is_known,
            word ~ '[0-9]' or word ~ '^[[:upper:]]{1,4}s?$' as is_short_form,
            count(*) over () as words
        from landing.words_of(value) as each
    ),
    judged as (
        select
            *,
            -- The first word of a sentence is capital anyway. A text of up to three words is no sentence.
            words > 3 and (place = 1 or follows ~ '^[.!?•–\n\r"“”‘*]$') as begins_sentence,
            lag(word) over (order by place) as word_before
        from word
    )
    select exists (
        select
        from judged
        where
            -- A first name.
            plain = any(given)
            -- A capital word that nobody has listed, such as a surname.
            or (is_capital and not is_known and not is_short_form and not begins_sentence)
            -- Any unlisted word at the beginning of a sentence, if what follows is said of persons.
            or (
                not is_known and not is_short_form and (begins_sentence or place = 1)
                and (
                    is_possessive
                    or (next_word = ',' and is_capital)
                    or lower(next_word) ~ (
                        '^(to|will|has|had|is|was|says|said|agree[sd]|asked|confirm(s|ed)|report(s|ed)|advise[sd]'
                        || '|explain(s|ed)|state[sd]|should|would|can|could|must|did|does|attend(s|ed)|leads?|led'
                        || '|owns?|chairs|chaired|undertook|gave|gives|took|takes|told|who|wrote|suggested'
                        || '|thought|felt|noted|raised|shared|sent|updated|presented|committed|promised|needs)$'
                    )
                )
            )
            -- A title. A listed word after it can be a surname too, such as Wood.
            or (
                follows ~* '^(mr|mrs|ms|mx|dr|prof|professor|sir|dame|lady|lord|rev|cllr|councillor|miss)$'
                and follows = word_before
                and (is_capital or (follows !~* '^(ms|miss|lady|lord|councillor|professor)$' and not is_known))
            )
            or (
                follows ~* (
                    '^(pc|ps|dc|ds|di|dci|dsupt|dcs|pcso|sc|wpc|tdc|sgt|sergeant|insp|inspector|supt|superintendent'
                    || '|constable|acc|dcc|cc|cs|ci)$'
                )
                and follows = word_before
                and not coalesce(plain = any(roles), false)
                and (
                    is_capital
                    or (not is_known and follows ~* '^(pc|dc|ds|di|dci|pcso|wpc|sgt|insp|supt)$')
                )
            )
    )
$function$;
comment on function landing.may_name_person(text, text [], text [], text []) is
'Whether a text may hold the name of a person. docs/explanation/screening.md says what it finds and what it misses.';

create function landing.may_hold_number_of_officer(value text) returns boolean
language sql immutable parallel safe
as $function$
    select value ~ '(^|[^[:alnum:]/._,£-])[0-9]{6}($|[^[:alnum:]/_-])'
        or value ~* (
            '\m(collar|shoulder|badge|warrant|employee|payroll|staff|officer|pin)\s*'
            || '((number|numbers|no\.?|num\.?|id|ref)\s*[:#-]?\s*[a-z]{0,2}[0-9]{2,}|[:#]?\s*[0-9]{3,})'
        )
        or value ~* '\m(pc|ps|dc|ds|di|dci|pcso|sc|wpc|sgt|insp|officer|constable|sergeant|inspector)\s*#?\s*[0-9]{2,6}\M'
        or value ~ '\m[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\M'
$function$;
comment on function landing.may_hold_number_of_officer(text) is
'Whether a text may hold a collar number, an employee number or a National Insurance number.';

create function landing.may_hold_telephone(value text) returns boolean
language sql immutable parallel safe
as $function$
    select value ~ '(^|[^[:alnum:]/._-])(\+|00)?[(]?0?[0-9]([ ().-]{0,2}[0-9]){8,13}($|[^[:alnum:]])'
        or value ~* '\m(ext|extn|extension|tel|telephone|mobile|mob|phone)\.?\s*(number|no\.?)?\s*[:#]?\s*[0-9]{3,}'
$function$;
comment on function landing.may_hold_telephone(text) is 'Whether a text may hold a telephone number.';

create function landing.may_hold_email(value text) returns boolean
language sql immutable parallel safe
as $function$
    select value ~ '[^[:space:]]@[^[:space:]]' or value ~ '(^|\s)@[[:alpha:]]' or value ~* '(\(at\)|\[at\]|\sat\s.*\sdot\s)'
$function$;
comment on function landing.may_hold_email(text) is
'Whether a text may hold an e-mail address or the handle of an account.';

-- Grants

grant execute on function
    landing.as_iso, landing.as_date, landing.has_offset, landing.first_moment_of, landing.read_moment,
    landing.read_ambiguity, landing.read_bigint, landing.read_integer, landing.read_numeric, landing.as_boolean,
    landing.is_plain_moment, landing.as_moment, landing.is_ambiguous, landing.is_plain_number, landing.as_bigint,
    landing.as_integer, landing.as_numeric, landing.words_of, landing.may_name_person,
    landing.may_hold_number_of_officer, landing.may_hold_telephone, landing.may_hold_email
to oic_landing, oic_erasure;
