-- What the Board's log needs: a dataset that a force may do without, and free text that must name roles only.

alter table audit.extraction add column is_expected boolean not null default true;
comment on column audit.extraction.is_expected is
'Whether the dataset had to be there. False: it is optional, it was never delivered, and it has no folder.';
grant update (is_expected) on audit.extraction to oic_landing;

-- The words of a text in their order, with what decides whether a word is a name.
create function landing.words_of(value text)
returns table (
    place bigint, word text, plain text, is_capital boolean, is_possessive boolean, follows text, next_word text
)
language sql immutable parallel safe as $function$
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
create function landing.may_name_person(value text, known text[], roles text[], given text[]) returns boolean
language sql immutable parallel safe as $function$
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
comment on function landing.may_name_person(text, text[], text[], text[]) is
'Whether a text may hold the name of a person. docs/explanation/screening.md says what it finds and what it misses.';

create function landing.may_hold_number_of_officer(value text) returns boolean
language sql immutable parallel safe as $function$
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
language sql immutable parallel safe as $function$
    select value ~ '(^|[^[:alnum:]/._-])(\+|00)?[(]?0?[0-9]([ ().-]{0,2}[0-9]){8,13}($|[^[:alnum:]])'
        or value ~* '\m(ext|extn|extension|tel|telephone|mobile|mob|phone)\.?\s*(number|no\.?)?\s*[:#]?\s*[0-9]{3,}'
$function$;
comment on function landing.may_hold_telephone(text) is
'Whether a text may hold a telephone number.';

create function landing.may_hold_email(value text) returns boolean
language sql immutable parallel safe as $function$
    select value ~ '[^[:space:]]@[^[:space:]]' or value ~ '(^|\s)@[[:alpha:]]' or value ~* '(\(at\)|\[at\]|\sat\s.*\sdot\s)'
$function$;
comment on function landing.may_hold_email(text) is
'Whether a text may hold an e-mail address or the handle of an account.';

grant execute on function
landing.words_of(text), landing.may_name_person(text, text[], text[], text[]),
landing.may_hold_number_of_officer(text), landing.may_hold_telephone(text), landing.may_hold_email(text)
to oic_landing;
