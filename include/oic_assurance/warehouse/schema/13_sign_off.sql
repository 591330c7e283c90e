-- The steps in which assurance points and recommendations are closed, and the checks of their evidence. Entries are only added.

create schema signoff;
comment on schema signoff is
'The steps in which assurance points and recommendations are closed, and the daily checks of their evidence. Entries are only added.';
grant usage on schema
    signoff
to oic_transform, oic_gate, oic_publish, oic_audit, oic_signoff, assurance_person, assurance_looker;

-- Tables

create table signoff.rule (
    step text primary key,
    place smallint not null unique,
    by_role text not null unique,
    is_signature boolean not null
);
comment on table signoff.rule is 'The steps of a closure in their order, each with the role that makes it.';
comment on column signoff.rule.is_signature is
'Whether a party signs with this step. Each party signs with another account, and none of them has agreed the steps.';
insert into signoff.rule (step, place, by_role, is_signature)
values
    ('STEPS_AGREED', 1, 'ASSURANCE_LEAD', false),
    ('EVIDENCE', 2, 'FORCE_LEAD', false),
    ('FORCE', 3, 'FORCE_OWNER', true),
    ('COMMISSIONER', 4, 'COMMISSIONER', true),
    ('INSPECTORATE', 5, 'INSPECTORATE', true);

create table signoff.entry (
    entry_id bigint primary key,
    force_code text not null,
    recommendation_code text not null,
    point_code text,
    round integer not null check (round > 0),
    step text not null check (step in ('STEPS_AGREED', 'EVIDENCE', 'FORCE', 'COMMISSIONER', 'INSPECTORATE', 'REOPENED')),
    by_role text not null,
    account text not null check (btrim(account) <> ''),
    login text not null,
    claimed_by text,
    through text not null check (through in ('command line', 'airflow', 'pipeline')),
    entered_at timestamptz not null,
    because text not null check (btrim(because) <> ''),
    cause text check (cause in ('SLIPPED', 'RESTATED', 'EVIDENCE_CHANGED', 'DECISION')),
    made_on bigint,
    as_at timestamptz,
    content_fingerprint text,
    status text,
    numerator bigint,
    denominator bigint,
    value double precision,
    ci_low double precision,
    ci_high double precision,
    evidence_place text,
    evidence_sha256 text check (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    evidence_bytes bigint check (evidence_bytes > 0),
    entry_hash bytea not null,
    check ((step = 'REOPENED') = (cause is not null)),
    check (point_code is null or point_code = recommendation_code)
);
comment on table signoff.entry is
'Each step of a closure, and each reopening. Rows are added by functions and never changed.';
comment on column signoff.entry.point_code is 'The assurance point, or blank if no figure measures the recommendation.';
comment on column signoff.entry.round is
'Which closure of the subject the step belongs to: 1, and one more after each reopening.';
comment on column signoff.entry.account is
'The account of the person, by the claim of the machine or of Airflow. It is in no view and in no mart.';
comment on column signoff.entry.login is 'The login of the session, as the server saw it.';
comment on column signoff.entry.because is
'What was agreed, shown or decided, in the words of the person. It is in no view and in no mart.';
comment on column signoff.entry.cause is 'Why it was reopened.';
comment on column signoff.entry.made_on is 'The publication that was current, and on which the step was made.';
comment on column signoff.entry.value is 'The figure of the point in that publication.';
comment on column signoff.entry.evidence_place is
'Where the force keeps the evidence. It is in no view and in no mart.';
comment on column signoff.entry.evidence_sha256 is
'The SHA-256 of the evidence. A signature has that of the evidence that it covers.';
comment on column signoff.entry.entry_hash is 'SHA-256 of the entry_hash before and of the columns of this entry.';

create table signoff.head (
    is_only boolean default true primary key check (is_only),
    entry_id bigint not null default 0,
    entry_hash bytea not null default decode(repeat('00', 32), 'hex')
);
comment on table signoff.head is
'The last entry. Its one row is locked while an entry is made, so that entries follow one another.';
insert into signoff.head default values;

create table signoff.evidence_check (
    check_id bigint generated always as identity primary key,
    entry_id bigint not null references signoff.entry (entry_id),
    checked_at timestamptz not null default clock_timestamp(),
    outcome text not null check (outcome in ('unchanged', 'changed', 'missing', 'unreadable')),
    sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
    why text,
    run_id text,
    check ((outcome in ('unchanged', 'changed')) = (sha256 is not null))
);
comment on table signoff.evidence_check is 'Each time that the evidence of a step in force was read and hashed again.';
comment on column signoff.evidence_check.outcome is
'missing: the file is not there. unreadable: the place could not be reached, so nothing is known of the file.';
comment on column signoff.evidence_check.why is
'What the file system answered. It can name the place, so it is in no view.';

-- Indexes

create index entry_of_subject on signoff.entry (force_code, recommendation_code, entry_id);
create index evidence_check_of_entry on signoff.evidence_check (entry_id, check_id);

-- Views

create view signoff.step as
select
    entry_id, force_code, recommendation_code, point_code, round, step, by_role, entered_at, cause, made_on, as_at,
    content_fingerprint, status, numerator, denominator, value, ci_low, ci_high, evidence_sha256, evidence_bytes
from signoff.entry;
comment on view signoff.step is 'The steps and reopenings, without accounts, words and places.';

create view signoff.checked_evidence as
select check_id, entry_id, checked_at, outcome, sha256, run_id
from signoff.evidence_check;
comment on view signoff.checked_evidence is 'The checks of evidence, without what the file system answered.';

set local role oic_publish;
create view marts.sign_off with (security_barrier = true) as
select
    step.force_code,
    step.recommendation_code,
    step.point_code,
    step.round,
    step.step,
    -- The pipeline reopens a closure because of what a publication shows, so the reopening is as at its moment.
    case when step.cause in ('SLIPPED', 'RESTATED') then step.as_at else step.entered_at end as at,
    step.by_role,
    step.cause,
    case when step.point_code is null then 'EVIDENCE_ALONE' else 'FIGURE_AND_EVIDENCE' end as rests_on,
    step.made_on as made_on_publication,
    step.as_at as made_on_as_at,
    made_on.withdrawn_at is not null as made_on_was_withdrawn,
    step.status as status_then,
    step.numerator as numerator_then,
    step.denominator as denominator_then,
    step.value as value_then,
    step.ci_low as ci_low_then,
    step.ci_high as ci_high_then,
    step.evidence_sha256,
    checked.outcome as evidence_state,
    checked.checked_at as evidence_checked_at,
    -- A reopening is in force until another step is made, and any other step until its subject is reopened.
    case
        when step.step = 'REOPENED' then step.entry_id = max(step.entry_id) over subject
        else step.entry_id > coalesce(max(step.entry_id) filter (where step.step = 'REOPENED') over subject, 0)
    end as is_in_force,
    current.publication_id
from signoff.step as step
inner join marts.publication as current on current.is_current
left join marts.publication as made_on on step.made_on = made_on.publication_id
left join lateral (
    select one.outcome, one.checked_at
    from signoff.checked_evidence as one
    where one.entry_id = step.entry_id
    order by one.check_id desc
    limit 1
) as checked on true
window subject as (partition by step.force_code, step.recommendation_code);
comment on view marts.sign_off is
'One row per step of a closure, and per reopening, as the record of sign-offs has it now.';
comment on column marts.sign_off.force_code is
'The police force, as its area code of the Office for National Statistics (ONS).';
comment on column marts.sign_off.recommendation_code is
'Code of the recommendation in the register. For an assurance point it equals the code of the point.';
comment on column marts.sign_off.point_code is
'Code of the assurance point. Blank if no figure measures the recommendation.';
comment on column marts.sign_off.round is
'Number of the closure that the step belongs to: 1 for the first closure of the recommendation, and one more after each reopening.';
comment on column marts.sign_off.step is
'STEPS_AGREED, EVIDENCE, FORCE, COMMISSIONER (which closes), INSPECTORATE (which confirms), or REOPENED.';
comment on column marts.sign_off.at is
'When the step was made. For a reopening because of a figure, the as-at moment of the publication that found it.';
comment on column marts.sign_off.by_role is
'The role that made the step: ASSURANCE_LEAD, FORCE_LEAD, FORCE_OWNER, COMMISSIONER or INSPECTORATE. PIPELINE if the pipeline reopened the closure. A person is never named.';
comment on column marts.sign_off.cause is
'Why the closure was reopened: SLIPPED (the status is worse than when it was signed), RESTATED (the signed figure, computed again, is outside the 95% interval that it had then), EVIDENCE_CHANGED (the evidence file has changed) or DECISION (somebody decided to reopen). Blank for a step that is not a reopening.';
comment on column marts.sign_off.rests_on is
'FIGURE_AND_EVIDENCE for an assurance point. EVIDENCE_ALONE for a recommendation that no figure measures.';
comment on column marts.sign_off.made_on_publication is
'The publication on which the step was made. It was the current one then.';
comment on column marts.sign_off.made_on_as_at is 'The as-at moment of the publication on which the step was made.';
comment on column marts.sign_off.made_on_was_withdrawn is
'Whether the publication on which the step was made was rolled back later and not made current again.';
comment on column marts.sign_off.status_then is
'Status of the point in the publication on which the step was made. Blank if no figure measures the recommendation.';
comment on column marts.sign_off.numerator_then is
'Numerator of the figure of the point in the publication on which the step was made.';
comment on column marts.sign_off.denominator_then is 'Denominator of the figure of the point in that publication.';
comment on column marts.sign_off.value_then is 'The figure of the point in that publication, as a share from 0 to 1.';
comment on column marts.sign_off.ci_low_then is
'Lower end of the 95% interval of the figure of the point in the publication on which the step was made.';
comment on column marts.sign_off.ci_high_then is
'Upper end of the 95% interval of the figure of the point in the publication on which the step was made.';
comment on column marts.sign_off.evidence_sha256 is
'SHA-256 of the evidence that the step shows, or that a signature covers. In hexadecimal.';
comment on column marts.sign_off.evidence_state is
'What the latest check of the evidence has found: unchanged, changed, missing (the file is not there) or unreadable (its place could not be reached). Blank before the first check, and for steps that show no evidence.';
comment on column marts.sign_off.evidence_checked_at is 'When the evidence was last read and hashed.';
comment on column marts.sign_off.is_in_force is
'Whether the step still holds. A reopening ends all steps before it, and is in force until the next step.';
comment on column marts.sign_off.publication_id is 'Number of the publication that the row belongs to.';

reset role;

-- Functions

create function signoff.hash_entry(entry signoff.entry, hash_before bytea) returns bytea
language sql stable parallel safe
set search_path = ''
return sha256(hash_before || convert_to(
    audit.netstring((entry).entry_id::text)
    || audit.netstring((entry).force_code)
    || audit.netstring((entry).recommendation_code)
    || audit.netstring((entry).point_code)
    || audit.netstring((entry).round::text)
    || audit.netstring((entry).step)
    || audit.netstring((entry).by_role)
    || audit.netstring((entry).account)
    || audit.netstring((entry).login)
    || audit.netstring((entry).claimed_by)
    || audit.netstring((entry).through)
    || audit.netstring(audit.microseconds((entry).entered_at))
    || audit.netstring((entry).because)
    || audit.netstring((entry).cause)
    || audit.netstring((entry).made_on::text)
    || audit.netstring(audit.microseconds((entry).as_at))
    || audit.netstring((entry).content_fingerprint)
    || audit.netstring((entry).status)
    || audit.netstring((entry).numerator::text)
    || audit.netstring((entry).denominator::text)
    || audit.netstring(encode(float8send((entry).value), 'hex'))
    || audit.netstring(encode(float8send((entry).ci_low), 'hex'))
    || audit.netstring(encode(float8send((entry).ci_high), 'hex'))
    || audit.netstring((entry).evidence_place)
    || audit.netstring((entry).evidence_sha256)
    || audit.netstring((entry).evidence_bytes::text), 'UTF8'
));
comment on function signoff.hash_entry(signoff.entry, bytea) is
'SHA-256 of the hash before and of an entry: of its columns, each with its length.';

-- The entries of a subject since it was last reopened.
create function signoff.in_force(of_force text, code text) returns setof signoff.entry
language sql stable
set search_path = ''
begin atomic
    select entry.*
    from signoff.entry as entry
    where entry.force_code = in_force.of_force
        and entry.recommendation_code = in_force.code
        and entry.step <> 'REOPENED'
        and entry.entry_id > coalesce(
            (
                select max(reopened.entry_id)
                from signoff.entry as reopened
                where reopened.force_code = in_force.of_force
                    and reopened.recommendation_code = in_force.code
                    and reopened.step = 'REOPENED'
            ), 0
        );
end;
comment on function signoff.in_force(text, text) is 'The steps of a subject that are in force, without a reopening.';

-- Stamp an entry, chain it and log it. The caller holds the lock on `signoff.head`.
create function signoff.add_entry(entry signoff.entry) returns bigint
language plpgsql
set search_path = ''
as $function$
declare
    head signoff.head;
begin
    select * into strict head from signoff.head for update;
    entry.entry_id := head.entry_id + 1;
    entry.login := session_user;
    entry.entered_at := pg_catalog.clock_timestamp();
    entry.round := 1 + (
        select count(*)
        from signoff.entry as before
        where before.force_code = entry.force_code
            and before.recommendation_code = entry.recommendation_code
            and before.step = 'REOPENED'
    );
    entry.entry_hash := signoff.hash_entry(entry, head.entry_hash);
    insert into signoff.entry select (entry).*;
    update signoff.head set entry_id = entry.entry_id, entry_hash = entry.entry_hash;
    -- The log of processing is chained and its head leaves the host, so the entry is fixed there too.
    perform audit.enter_processing(
        action => 'collection',
        what => pg_catalog.format(
            'sign-off entry %s: %s of %s by role %s, SHA-256 %s', entry.entry_id, entry.step,
            entry.recommendation_code, entry.by_role, pg_catalog.encode(entry.entry_hash, 'hex')
        ),
        concerns => array['sign-off:' || entry.entry_id, 'publication:' || coalesce(entry.made_on::text, 'none')],
        claimed_by => entry.claimed_by
    );
    return entry.entry_id;
end
$function$;
comment on function signoff.add_entry(signoff.entry) is 'Adds an entry. Only the functions of this schema call it.';

create function signoff.enter_step(
    of_force text,
    code text,
    wanted_step text,
    by_account text,
    made_through text,
    reason text,
    on_publication bigint,
    with_fingerprint text,
    place_of_evidence text,
    hash_of_evidence text,
    size_of_evidence bigint,
    each_by_another_person boolean,
    claim text
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    rule signoff.rule;
    shown record;
    figure record;
    missing text;
    before signoff.entry;
    evidence signoff.entry;
    entry signoff.entry;
    other text;
begin
    -- Entries are made one after the other, so no two sessions can make the same step.
    perform from signoff.head for update;
    select * into rule from signoff.rule where signoff.rule.step = wanted_step;
    if not found then
        raise check_violation using message = pg_catalog.format('There is no step %L.', wanted_step);
    end if;
    if coalesce(pg_catalog.btrim(by_account), '') = '' then
        raise check_violation using message = 'A step needs the account of the person who makes it.';
    end if;
    if coalesce(pg_catalog.btrim(reason), '') = '' then
        raise check_violation using message = 'A step needs words: what was agreed, shown or decided.';
    end if;

    select p.*, exists (
        select
        from audit.recall as recall
        where recall.force_code = p.force_code
            and (
                (recall.ended_at is null and recall.noticed_at >= p.published_at)
                or exists (
                    select
                    from pg_catalog.unnest(recall.withdrawn_from) as place (name)
                    where place.name like '%\_\_' || p.publication_id
                )
            )
    ) as is_recalled
    into shown
    from marts.publication as p
    where p.publication_id = on_publication;
    if not found or shown.force_code <> of_force then
        raise check_violation using message = pg_catalog.format('There is no publication %s of this force.', on_publication);
    end if;
    if shown.withdrawn_at is not null then
        raise check_violation using message = pg_catalog.format(
            'Publication %s was rolled back (%s), so nothing is signed off on it.', on_publication, shown.withdrawn_because
        );
    end if;
    if not shown.is_current then
        raise check_violation using message = pg_catalog.format(
            'Publication %s is not current, so nothing is signed off on it.', on_publication
        );
    end if;
    if shown.is_recalled then
        raise check_violation using message = pg_catalog.format(
            'Records were recalled from publication %s: wait for the next publication.', on_publication
        );
    end if;
    if shown.content_fingerprint is distinct from with_fingerprint then
        raise check_violation using message = pg_catalog.format(
            'Publication %s does not have the content fingerprint that was read.', on_publication
        );
    end if;

    select step.* into before from signoff.in_force(of_force, code) as step where step.step = wanted_step;
    if found then
        raise check_violation using message = pg_catalog.format(
            'The step %s of %s is in force already, since %s.', wanted_step, code,
            pg_catalog.to_char(before.entered_at at time zone 'Europe/London', 'DD Mon YYYY')
        );
    end if;
    select earlier.step into missing
    from signoff.rule as earlier
    where earlier.place < rule.place
        and not exists (select from signoff.in_force(of_force, code) as made where made.step = earlier.step)
    order by earlier.place
    limit 1;
    if found then
        raise check_violation using message = pg_catalog.format(
            'The step %s of %s comes after %s, which is not in force.', wanted_step, code, missing
        );
    end if;

    select made.step into other
    from signoff.in_force(of_force, code) as made
    inner join signoff.rule as its on made.step = its.step
    where pg_catalog.lower(pg_catalog.btrim(made.account)) = pg_catalog.lower(pg_catalog.btrim(by_account))
        and (each_by_another_person or (rule.is_signature and (its.is_signature or its.step = 'STEPS_AGREED')))
    order by made.entry_id
    limit 1;
    if found then
        raise check_violation using message = pg_catalog.format(
            'The account %L made the step %s of %s: another person must make %s.', by_account, other, code, wanted_step
        );
    end if;

    select position.* into figure
    from audit.published_position as position
    where position.publication_id = on_publication
        and position.force_code = of_force
        and position.point_code = code;
    if found and rule.is_signature and figure.status in ('no_cases', 'unknown', 'not_started', 'overdue', 'slipping') then
        raise check_violation using message = pg_catalog.format(
            'The data say that %s is %s, so it cannot be signed off.', code, figure.status
        );
    end if;

    select step.* into evidence from signoff.in_force(of_force, code) as step where step.step = 'EVIDENCE';
    if wanted_step = 'EVIDENCE' and (
        coalesce(pg_catalog.btrim(place_of_evidence), '') = '' or hash_of_evidence is null or size_of_evidence is null
    ) then
        raise check_violation using message = 'The step EVIDENCE needs a file with its SHA-256 and size.';
    end if;
    if rule.is_signature and hash_of_evidence is distinct from evidence.evidence_sha256 then
        raise check_violation using message = pg_catalog.format(
            'The evidence of %s is not the file that was shown: its SHA-256 is another.', code
        );
    end if;

    entry.force_code := of_force;
    entry.recommendation_code := code;
    entry.point_code := figure.point_code;
    entry.step := wanted_step;
    entry.by_role := rule.by_role;
    entry.account := pg_catalog.btrim(by_account);
    entry.claimed_by := claim;
    entry.through := made_through;
    entry.because := pg_catalog.btrim(reason);
    entry.made_on := on_publication;
    entry.as_at := shown.as_at;
    entry.content_fingerprint := shown.content_fingerprint;
    entry.status := figure.status;
    entry.numerator := figure.numerator;
    entry.denominator := figure.denominator;
    entry.value := figure.value;
    entry.ci_low := figure.ci_low;
    entry.ci_high := figure.ci_high;
    if wanted_step = 'EVIDENCE' then
        entry.evidence_place := place_of_evidence;
        entry.evidence_sha256 := hash_of_evidence;
        entry.evidence_bytes := size_of_evidence;
    elsif rule.is_signature then
        entry.evidence_sha256 := evidence.evidence_sha256;
        entry.evidence_bytes := evidence.evidence_bytes;
    end if;
    return signoff.add_entry(entry);
end
$function$;
comment on function signoff.enter_step(text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text) is
'Enters a step of a closure, or raises an error that says which rule it breaks. Returns the number of the entry.';

create function signoff.reopen(
    of_force text,
    code text,
    why text,
    words text,
    role_of_person text default null,
    by_account text default null,
    made_through text default 'pipeline'::text,
    claim text default null
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    shown record;
    figure record;
    last_check text;
    entry signoff.entry;
begin
    perform from signoff.head for update;
    -- What is not in force cannot be reopened. So the pipeline can repeat a reopening.
    if not exists (select from signoff.in_force(of_force, code)) then
        return null;
    end if;
    if coalesce(pg_catalog.btrim(words), '') = '' then
        raise check_violation using message = 'A reopening needs a reason.';
    end if;
    if why = 'DECISION' then
        if coalesce(pg_catalog.btrim(by_account), '') = '' or not exists (
            select from signoff.rule where signoff.rule.by_role = role_of_person
        ) then
            raise check_violation using message = 'A decision to reopen needs the account and the role of a person.';
        end if;
        entry.by_role := role_of_person;
        entry.account := pg_catalog.btrim(by_account);
        entry.through := made_through;
    else
        if why in ('SLIPPED', 'RESTATED') and not exists (
            select
            from signoff.in_force(of_force, code) as made
            inner join signoff.rule on made.step = signoff.rule.step
            where signoff.rule.is_signature and made.point_code is not null
        ) then
            raise check_violation using message = pg_catalog.format(
                'Nobody has signed a figure of %s, so a change of the figure reopens nothing.', code
            );
        end if;
        if why = 'EVIDENCE_CHANGED' then
            select checked.outcome into last_check
            from signoff.in_force(of_force, code) as made
            inner join signoff.evidence_check as checked on made.entry_id = checked.entry_id
            order by checked.check_id desc
            limit 1;
            if last_check is distinct from 'changed' then
                raise check_violation using message = pg_catalog.format('No check has found the evidence of %s changed.', code);
            end if;
        end if;
        entry.by_role := 'PIPELINE';
        entry.account := session_user;
        entry.through := 'pipeline';
    end if;
    select p.* into shown from marts.publication as p where p.is_current and p.force_code = of_force;
    select position.* into figure
    from audit.published_position as position
    where position.publication_id = shown.publication_id
        and position.force_code = of_force
        and position.point_code = code;
    entry.force_code := of_force;
    entry.recommendation_code := code;
    entry.point_code := (
        select max(made.point_code) from signoff.in_force(of_force, code) as made
    );
    entry.step := 'REOPENED';
    entry.claimed_by := claim;
    entry.because := pg_catalog.btrim(words);
    entry.cause := why;
    entry.made_on := shown.publication_id;
    entry.as_at := shown.as_at;
    entry.content_fingerprint := shown.content_fingerprint;
    entry.status := figure.status;
    entry.numerator := figure.numerator;
    entry.denominator := figure.denominator;
    entry.value := figure.value;
    entry.ci_low := figure.ci_low;
    entry.ci_high := figure.ci_high;
    return signoff.add_entry(entry);
end
$function$;
comment on function signoff.reopen(text, text, text, text, text, text, text, text) is
'Reopens what is in force, with the cause. Returns the number of the entry, or null if nothing is in force.';

create function signoff.enter_check(
    of_entry bigint,
    found_outcome text,
    found_sha256 text,
    reason text,
    of_run text
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    shown signoff.entry;
    made bigint;
begin
    select * into shown from signoff.entry as one where one.entry_id = of_entry and one.step = 'EVIDENCE';
    if not found then
        raise check_violation using message = pg_catalog.format('Entry %s shows no evidence.', of_entry);
    end if;
    if found_sha256 is not null and (found_outcome = 'unchanged') <> (found_sha256 = shown.evidence_sha256) then
        raise check_violation using message = pg_catalog.format('The outcome %L does not fit the SHA-256.', found_outcome);
    end if;
    insert into signoff.evidence_check (entry_id, outcome, sha256, why, run_id)
    values (of_entry, found_outcome, found_sha256, reason, of_run)
    returning check_id into made;
    return made;
end
$function$;
comment on function signoff.enter_check(bigint, text, text, text, text) is
'Enters what a check of the evidence has found. Returns the number of the check.';

-- A changed, deleted or inserted entry breaks the chain from there on. A head that does not fit has no entry: number 0.
create function signoff.broken_entries() returns setof bigint
language plpgsql stable security definer
set search_path = ''
set client_min_messages = error
as $function$
declare
    one signoff.entry;
    expected bigint := 0;
    hash bytea := pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex');
begin
    for one in select * from signoff.entry order by signoff.entry.entry_id loop
        expected := expected + 1;
        if one.entry_id <> expected or one.entry_hash <> signoff.hash_entry(one, hash) then
            return next one.entry_id;
            expected := one.entry_id;
        end if;
        hash := one.entry_hash;
    end loop;
    if not exists (
        select from signoff.head where signoff.head.entry_id = expected and signoff.head.entry_hash = hash
    ) then
        return next 0;
    end if;
end
$function$;
comment on function signoff.broken_entries() is
'The entries that are not as they were made, or that follow a missing one. 0: the last entries are missing.';

create function signoff.reopen_found(of_force text, code text, of_round integer, why text, words text, claim text) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
begin
    -- What the publication found is about one closure. A later closure was signed on other figures.
    if not exists (
        select
        from signoff.in_force(of_force, code) as made
        inner join signoff.rule on made.step = signoff.rule.step
        where made.round = of_round and signoff.rule.is_signature and made.point_code is not null
    ) then
        return null;
    end if;
    if why not in ('SLIPPED', 'RESTATED') then
        raise check_violation using message = pg_catalog.format('A publication does not reopen a closure because of %s.', why);
    end if;
    return signoff.reopen(of_force, code, why, words, claim => claim);
end
$function$;
comment on function signoff.reopen_found(text, text, integer, text, text, text) is
'Reopens a closure because of what the publication shows that becomes current. Returns the number of the entry, or null if that closure is not in force.';

-- The rules are those of `signoff.enter_step` and `signoff.reopen`.
create function signoff.make_step(
    of_force text,
    code text,
    wanted_step text,
    by_account text,
    made_through text,
    reason text,
    on_publication bigint,
    with_fingerprint text,
    place_of_evidence text,
    hash_of_evidence text,
    size_of_evidence bigint,
    each_by_another_person boolean,
    claim text
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
begin
    if session_user <> 'oic_signoff' then
        perform audit.check_right(rule.by_role) from signoff.rule as rule where rule.step = wanted_step;
        by_account := session_user;
        made_through := 'command line';
    end if;
    return signoff.enter_step(
        of_force, code, wanted_step, by_account, made_through, reason, on_publication, with_fingerprint, place_of_evidence,
        hash_of_evidence, size_of_evidence, audit.needs_second(each_by_another_person), claim
    );
end
$function$;
comment on function signoff.make_step(text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text) is
'Enters a step of a closure. The account of a person is the login of the session.';

create function signoff.decide_reopening(
    of_force text,
    code text,
    words text,
    role_of_person text,
    by_account text,
    made_through text,
    claim text
) returns bigint
language plpgsql security definer
set search_path = ''
set client_min_messages = error
as $function$
begin
    if session_user <> 'oic_signoff' then
        perform audit.check_right(role_of_person);
        by_account := session_user;
        made_through := 'command line';
    end if;
    return signoff.reopen(of_force, code, 'DECISION', words, role_of_person, by_account, made_through, claim);
end
$function$;
comment on function signoff.decide_reopening(text, text, text, text, text, text, text) is
'Reopens what is in force by the decision of a person, whose account is the login of the session.';

-- Grants

grant select on
    signoff.rule, signoff.step, signoff.checked_evidence
to oic_transform, oic_gate, oic_publish, oic_audit, oic_signoff, assurance_person, assurance_looker;
grant select on signoff.entry, signoff.evidence_check to oic_audit, oic_signoff, assurance_person;
grant execute on function signoff.reopen, signoff.enter_check to oic_signoff;
grant execute on function signoff.broken_entries to oic_audit, oic_signoff;
grant execute on function signoff.reopen_found to oic_publish;
grant execute on function signoff.make_step, signoff.decide_reopening to oic_signoff, assurance_person;

set local role oic_publish;
grant select on marts.sign_off to oic_transform, oic_gate, bi_reader, assurance_looker;
reset role;
