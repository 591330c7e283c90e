-- Sign-off: the closure of an assurance point or of a recommendation, step by step. Nobody writes to the tables: functions
-- check each step and chain each entry to the one before. Only the login `oic_signoff` may call them. The accounts of the
-- people stay here. Everybody else reads views without them. docs/decisions/0030-sign-off.md says why.

do $database$
begin
    execute format('grant connect, temporary on database %I to oic_signoff', current_database());
end
$database$;

create schema signoff;
comment on schema signoff is
'The steps in which assurance points and recommendations are closed, and the daily checks of their evidence. Entries are only added.';

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
    step text not null
    check (step in ('STEPS_AGREED', 'EVIDENCE', 'FORCE', 'COMMISSIONER', 'INSPECTORATE', 'REOPENED')),
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
create index entry_of_subject on signoff.entry (force_code, recommendation_code, entry_id);
comment on table signoff.entry is
'Each step of a closure, and each reopening. Rows are added by functions and never changed.';
comment on column signoff.entry.point_code is 'The assurance point, or blank if no figure measures the recommendation.';
comment on column signoff.entry.round is 'Which closure of the subject the step belongs to: 1, and one more after each reopening.';
comment on column signoff.entry.account is
'The account of the person, by the claim of the machine or of Airflow. It is in no view and in no mart.';
comment on column signoff.entry.login is 'The login of the session, as the server saw it.';
comment on column signoff.entry.because is 'What was agreed, shown or decided, in the words of the person. It is in no view and in no mart.';
comment on column signoff.entry.cause is 'Why it was reopened.';
comment on column signoff.entry.made_on is 'The publication that was current, and on which the step was made.';
comment on column signoff.entry.value is 'The figure of the point in that publication.';
comment on column signoff.entry.evidence_place is 'Where the force keeps the evidence. It is in no view and in no mart.';
comment on column signoff.entry.evidence_sha256 is 'The SHA-256 of the evidence. A signature has that of the evidence that it covers.';
comment on column signoff.entry.entry_hash is 'SHA-256 of the entry_hash before and of the columns of this entry.';

create table signoff.head (
    is_only boolean primary key default true check (is_only),
    entry_id bigint not null default 0,
    entry_hash bytea not null default decode(repeat('00', 32), 'hex')
);
comment on table signoff.head is 'The last entry. Its one row is locked while an entry is made, so that entries follow one another.';
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
create index evidence_check_of_entry on signoff.evidence_check (entry_id, check_id);
comment on table signoff.evidence_check is 'Each time that the evidence of a step in force was read and hashed again.';
comment on column signoff.evidence_check.outcome is
'missing: the file is not there. unreadable: the place could not be reached, so nothing is known of the file.';
comment on column signoff.evidence_check.why is 'What the file system answered. It can name the place, so it is in no view.';

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
    if found and rule.is_signature and figure.status in ('unknown', 'not_started', 'overdue', 'slipping') then
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
comment on function signoff.enter_step(
    text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text
) is 'Enters a step of a closure, or raises an error that says which rule it breaks. Returns the number of the entry.';

create function signoff.reopen(
    of_force text,
    code text,
    why text,
    words text,
    role_of_person text default null,
    by_account text default null,
    made_through text default 'pipeline',
    claim text default null
) returns bigint
language plpgsql security definer
set search_path = ''
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
    of_entry bigint, found_outcome text, found_sha256 text, reason text, of_run text
) returns bigint
language plpgsql security definer
set search_path = ''
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

grant usage on schema signoff to oic_signoff, oic_transform, oic_gate, oic_publish, oic_audit;
grant select on signoff.entry, signoff.evidence_check, signoff.rule, signoff.step, signoff.checked_evidence
to oic_signoff, oic_audit;
grant select on signoff.rule, signoff.step, signoff.checked_evidence to oic_transform, oic_gate, oic_publish;
grant execute on function
signoff.enter_step(text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text),
signoff.reopen(text, text, text, text, text, text, text, text),
signoff.enter_check(bigint, text, text, text, text),
signoff.broken_entries()
to oic_signoff;
grant execute on function signoff.broken_entries() to oic_audit;
grant usage on schema audit to oic_signoff;
grant execute on function audit.enter_processing(text, text, text, text, text, text [], text) to oic_signoff;
grant execute on function audit.seal_processing() to oic_signoff;

-- The login is one of the pipeline's, so the limits of readers do not hold it.
set local role oic_guard;
create or replace function limits.is_reader(login oid) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $body$
    select not person.rolsuper
        and not exists (
            select
            from pg_database as warehouse
            where warehouse.datname = current_database()
                and pg_has_role(person.oid, warehouse.datdba, 'MEMBER')
        )
        and not exists (
            select
            from unnest(array[
                'oic_landing', 'oic_transform', 'oic_gate', 'oic_publish', 'oic_erasure', 'oic_audit',
                'oic_worklist', 'oic_rekey', 'oic_signoff', 'general_processing', 'law_enforcement_processing'
            ]) as stage
            where to_regrole(stage) is not null and pg_has_role(person.oid, to_regrole(stage), 'MEMBER')
        )
    from pg_roles as person
    where person.oid = login
$body$;
reset role;

-- After an erasure the owner clears the planner's samples. That needs the names of the tables, and no right to read them.
do $names$
declare
    migrator constant text := current_user;
begin
    alter schema signoff owner to oic_audit_keeper;
    set local role oic_audit_keeper;
    execute format('grant usage on schema signoff to %I', migrator);
    reset role;
end
$names$;
