-- Records past their retention, and what people decide about them. Upkeep lists the records. Only the login `oic_review`
-- decides, through functions, and it cannot erase. Only `oic_erasure` erases, and it cannot decide.
-- docs/decisions/0045-upkeep-and-review.md says why.

do $database$
begin
    execute format('grant connect, temporary on database %I to oic_review', current_database());
end
$database$;

create table audit.retention_decision (
    decision_id bigint generated always as identity primary key,
    force_code text not null,
    dataset text not null,
    table_name text not null,
    decision text not null check (decision in ('erase', 'keep')),
    keep_until date,
    reason text not null check (btrim(reason) <> ''),
    records bigint not null check (records > 0),
    account text not null check (btrim(account) <> ''),
    login text not null,
    decided_at timestamptz not null,
    needs_second boolean not null,
    confirmed_account text check (btrim(confirmed_account) <> ''),
    confirmed_login text,
    confirmed_at timestamptz,
    carried_out_at timestamptz,
    erased bigint check (erased >= 0),
    check ((decision = 'keep') = (keep_until is not null)),
    check ((confirmed_at is null) = (confirmed_account is null) and (confirmed_at is null) = (confirmed_login is null)),
    check ((carried_out_at is null) = (erased is null)),
    check (confirmed_account is distinct from account)
);
comment on table audit.retention_decision is
'One row per decision about records past their retention: how many, by whom, why. Never which.';
comment on column audit.retention_decision.keep_until is 'The day on which kept records come up for review again.';
comment on column audit.retention_decision.account is 'The account of the person, by the claim of the machine.';
comment on column audit.retention_decision.login is 'The login of the session, as the server saw it.';
comment on column audit.retention_decision.needs_second is
'Whether the deployment required a second person when this was decided.';
comment on column audit.retention_decision.erased is
'How many of the records were erased. Fewer than were decided if some of them are no longer past their retention.';

create table audit.retention_due (
    due_id bigint generated always as identity primary key,
    force_code text not null,
    dataset text not null,
    table_name text not null,
    row_key text,
    due_at timestamptz not null,
    listed_at timestamptz not null default clock_timestamp(),
    decision_id bigint references audit.retention_decision (decision_id),
    unique nulls not distinct (force_code, dataset, table_name, row_key)
);
create index retention_due_of_decision on audit.retention_due (decision_id);
comment on table audit.retention_due is
'The records that are past their retention. A row is deleted when its record was erased, or is no longer past it.';
comment on column audit.retention_due.row_key is
'The key of the record. Blank stands for all rows in quarantine without a readable key that are past their retention.';
comment on column audit.retention_due.due_at is 'When its retention ended.';
comment on column audit.retention_due.decision_id is 'The latest decision about it. Blank if nobody has decided.';

-- `since` is the day from which the record has waited for a person.
create view audit.retention_state as
select
    due.due_id, due.force_code, due.dataset, due.table_name, due.row_key, due.due_at, due.listed_at,
    due.decision_id, decided.decision, decided.keep_until, decided.decided_at,
    case
        when decided.decision_id is null then 'undecided'
        when decided.needs_second and decided.confirmed_at is null then 'unconfirmed'
        when decided.decision = 'erase' then 'to erase'
        when decided.keep_until <= (now() at time zone 'Europe/London')::date then 'undecided'
        else 'kept'
    end as state,
    case
        when decided.keep_until <= (now() at time zone 'Europe/London')::date
            and not (decided.needs_second and decided.confirmed_at is null)
            then decided.keep_until::timestamp at time zone 'Europe/London'
        else due.due_at
    end as since
from audit.retention_due as due
left join audit.retention_decision as decided using (decision_id);
comment on view audit.retention_state is
'The records past their retention, each with what was decided. A kept record is undecided again on its next review.';

create view audit.retention_summary as
select
    force_code, dataset, table_name,
    count(*) as records,
    count(*) filter (where state = 'undecided') as undecided,
    count(*) filter (where state = 'unconfirmed') as unconfirmed,
    count(*) filter (where state = 'to erase') as to_erase,
    count(*) filter (where state = 'kept') as kept,
    min(since) filter (where state = 'undecided') as undecided_since,
    min(decided_at) filter (where state = 'unconfirmed') as unconfirmed_since
from audit.retention_state
group by force_code, dataset, table_name;
comment on view audit.retention_summary is 'How many records of each table are past their retention, without their keys.';

create function audit.decide_retention(
    of_force text, of_dataset text, of_table text, of_due bigint [],
    wanted text, until date, why text, by_account text, by_second boolean
) returns bigint
language plpgsql security definer
set search_path = ''
as $function$
declare
    decided bigint;
    listed bigint;
begin
    if until <= (now() at time zone 'Europe/London')::date then
        raise exception 'the day until which a record is kept must be later than today' using errcode = 'check_violation';
    end if;
    perform
    from audit.retention_due
    where due_id = any (of_due) and force_code = of_force and dataset = of_dataset and table_name = of_table
    order by due_id
    for update;
    get diagnostics listed = row_count;
    if listed = 0 or listed is distinct from cardinality(of_due) then
        raise exception 'the list has changed: look at it again' using errcode = 'check_violation';
    end if;
    insert into audit.retention_decision (
        force_code, dataset, table_name, decision, keep_until, reason, records, account, login, decided_at, needs_second
    ) values (
        of_force, of_dataset, of_table, wanted, until, btrim(why), listed, btrim(by_account), session_user,
        clock_timestamp(), by_second
    )
    returning decision_id into decided;
    update audit.retention_due set decision_id = decided where due_id = any (of_due);
    return decided;
end
$function$;

create function audit.confirm_retention(of_force text, of_decision bigint, by_account text) returns void
language plpgsql security definer
set search_path = ''
as $function$
declare
    found audit.retention_decision;
begin
    select * into found
    from audit.retention_decision
    where decision_id = of_decision and force_code = of_force
    for update;
    if found.decision_id is null then
        raise exception 'there is no decision %', of_decision using errcode = 'check_violation';
    elsif found.confirmed_at is not null or found.carried_out_at is not null
        or not exists (select from audit.retention_due where decision_id = of_decision) then
        raise exception 'decision % does not wait for a second person', of_decision using errcode = 'check_violation';
    elsif found.account = btrim(by_account) then
        raise exception '''%'' made decision %: somebody else must confirm it', found.account, of_decision
            using errcode = 'check_violation';
    end if;
    update audit.retention_decision
    set confirmed_account = btrim(by_account), confirmed_login = session_user, confirmed_at = clock_timestamp()
    where decision_id = of_decision;
end
$function$;

revoke execute on function
audit.decide_retention(text, text, text, bigint [], text, date, text, text, boolean),
audit.confirm_retention(text, bigint, text)
from public;
grant execute on function
audit.decide_retention(text, text, text, bigint [], text, date, text, text, boolean),
audit.confirm_retention(text, bigint, text)
to oic_review;

-- By default every stage reads a table in `audit`. The keys of these records are only for who decides and for who erases.
revoke select on audit.retention_due, audit.retention_state
from oic_landing, oic_transform, oic_gate, oic_publish, oic_audit;
grant usage on schema audit to oic_review;
grant select on audit.retention_due, audit.retention_state, audit.retention_summary, audit.retention_decision to oic_review;
grant insert, delete on audit.retention_due to oic_erasure;
grant update (carried_out_at, erased) on audit.retention_decision to oic_erasure;
grant execute on function audit.enter_processing(text, text, text, text, text, text [], text) to oic_review;
grant execute on function audit.seal_processing() to oic_review;

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
                'oic_landing', 'oic_transform', 'oic_gate', 'oic_publish', 'oic_erasure', 'oic_audit', 'oic_review',
                'oic_worklist', 'oic_rekey', 'oic_signoff', 'general_processing', 'law_enforcement_processing'
            ]) as stage
            where to_regrole(stage) is not null and pg_has_role(person.oid, to_regrole(stage), 'MEMBER')
        )
    from pg_roles as person
    where person.oid = login
$body$;
reset role;
