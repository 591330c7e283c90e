-- A person acts with a login of their own and no secret of the deployment. Such a login is a member of `assurance_person` and
-- of a role for each of its rights. The functions below stamp the login of the session as the account, whatever the caller
-- claims. Only the pipeline's own login may claim an account, for example one of Airflow.
-- docs/decisions/0061-a-person-is-a-login.md says why.

do $roles$
declare
    wanted text;
begin
    foreach wanted in array array[
        'assurance_person', 'person_assurance_lead', 'person_force_lead', 'person_force_owner', 'person_commissioner',
        'person_inspectorate', 'person_approver', 'person_reviewer'
    ]
    loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            begin
                execute format('create role %I', wanted);
            exception
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    execute format('grant connect on database %I to assurance_person', current_database());
end
$roles$;

alter table audit.access_change
drop constraint access_change_audience_check,
add constraint access_change_audience_check check (
    audience in (
        'SUPERVISOR', 'OFFICE', 'ASSURANCE_LEAD', 'FORCE_LEAD', 'FORCE_OWNER', 'COMMISSIONER', 'INSPECTORATE', 'APPROVER',
        'REVIEWER'
    )
);
comment on column audit.access_change.audience is
'SUPERVISOR: the records of one unit. OFFICE: aggregates alone. Otherwise a right of a person: a role of sign-off, APPROVER or REVIEWER.';

-- A person's process does not know the settings of the deployment, so a build has them on record.
alter table audit.build add column second_person boolean not null default false;
comment on column audit.build.second_person is
'Whether the deployment asked for a second person (ASSURANCE_SECOND_PERSON) when the build was opened.';

create function audit.check_right(wanted text) returns void
language plpgsql stable security definer
set search_path = ''
as $function$
begin
    if pg_catalog.pg_has_role(session_user, 'person_' || pg_catalog.lower(wanted), 'USAGE') is not true then
        raise insufficient_privilege using message = pg_catalog.format(
            '%L lacks the right %s: `assurance access give %s --right %s` gives it', session_user, wanted, session_user, wanted
        );
    end if;
end
$function$;
comment on function audit.check_right(text) is 'Raises an error if the login of the session lacks a right of a person.';

create function audit.needs_second(by_setting boolean) returns boolean
language sql stable
set search_path = ''
begin atomic
select by_setting or coalesce(
    (
        select build.second_person
        from audit.build as build
        where build.purpose = 'daily'
        order by build.build_id desc
        limit 1
    ), false
);
end;
comment on function audit.needs_second(boolean) is
'Whether a second person is needed: because the caller says so, or because the newest daily build has it on record.';

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
comment on function signoff.make_step(
    text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text
) is 'Enters a step of a closure. The account of a person is the login of the session.';

create function signoff.decide_reopening(
    of_force text, code text, words text, role_of_person text, by_account text, made_through text, claim text
) returns bigint
language plpgsql security definer
set search_path = ''
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

-- A decision is about the tables with this fingerprint, so one about others has no effect.
create function audit.decide_approval(of_build bigint, approves boolean, why text, of_content text) returns void
language plpgsql security definer
set search_path = ''
as $function$
begin
    perform audit.check_right('APPROVER');
    if approves and exists (
        select
        from audit.run as run
        inner join audit.build as build on run.run_id = build.run_id
        where build.build_id = of_build and run.started_by = session_user
    ) then
        raise check_violation using message = pg_catalog.format(
            '%L started the run of build %s: somebody else must approve it', session_user, of_build
        );
    end if;
    insert into audit.approval (build_id, is_approved, who, login, reason, through, content_fingerprint)
    values (of_build, approves, session_user, session_user, pg_catalog.btrim(why), 'command line', of_content);
end
$function$;
comment on function audit.decide_approval(bigint, boolean, text, text) is
'Enters the decision of the person who is logged in about the warnings of a build.';

create function audit.decide_review(
    of_force text, of_dataset text, of_table text, of_due bigint [],
    wanted text, until date, why text, by_account text, by_second boolean
) returns bigint
language plpgsql security definer
set search_path = ''
as $function$
begin
    if session_user <> 'oic_review' then
        perform audit.check_right('REVIEWER');
        by_account := session_user;
    end if;
    return audit.decide_retention(
        of_force, of_dataset, of_table, of_due, wanted, until, why, by_account, audit.needs_second(by_second)
    );
end
$function$;
comment on function audit.decide_review(text, text, text, bigint [], text, date, text, text, boolean) is
'Enters a decision about records past their retention. The account of a person is the login of the session.';

create function audit.confirm_review(of_force text, of_decision bigint, by_account text) returns void
language plpgsql security definer
set search_path = ''
as $function$
begin
    if session_user <> 'oic_review' then
        perform audit.check_right('REVIEWER');
        by_account := session_user;
    end if;
    perform audit.confirm_retention(of_force, of_decision, by_account);
end
$function$;
comment on function audit.confirm_review(text, bigint, text) is
'Confirms a decision of somebody else. The account of a person is the login of the session.';

-- The next run erases the records.
create function audit.approve_recall(of_force text, of_recall bigint, why text) returns void
language plpgsql security definer
set search_path = ''
as $function$
begin
    perform audit.check_right('REVIEWER');
    update audit.recall
    set approved_at = pg_catalog.clock_timestamp(), approved_by = session_user, reason = pg_catalog.btrim(why)
    where recall_id = of_recall and force_code = of_force and ended_at is null;
end
$function$;
comment on function audit.approve_recall(text, bigint, text) is
'Approves the erasure of a recall by the person who is logged in.';

revoke execute on function
audit.check_right(text),
audit.needs_second(boolean),
signoff.make_step(text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text),
signoff.decide_reopening(text, text, text, text, text, text, text),
audit.decide_approval(bigint, boolean, text, text),
audit.decide_review(text, text, text, bigint [], text, date, text, text, boolean),
audit.confirm_review(text, bigint, text),
audit.approve_recall(text, bigint, text)
from public;
revoke execute on function
signoff.enter_step(text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text)
from oic_signoff;
revoke execute on function
audit.decide_retention(text, text, text, bigint [], text, date, text, text, boolean),
audit.confirm_retention(text, bigint, text)
from oic_review;
grant execute on function
signoff.make_step(text, text, text, text, text, text, bigint, text, text, text, bigint, boolean, text),
signoff.decide_reopening(text, text, text, text, text, text, text)
to oic_signoff, assurance_person;
grant execute on function
audit.decide_review(text, text, text, bigint [], text, date, text, text, boolean),
audit.confirm_review(text, bigint, text)
to oic_review, assurance_person;
grant execute on function
audit.check_right(text),
audit.decide_approval(bigint, boolean, text, text),
audit.approve_recall(text, bigint, text),
audit.enter_processing(text, text, text, text, text, text [], text),
audit.seal_processing()
to assurance_person;

-- What `assurance status` and the other commands of people show: counts and reasons, and no key of a record.
grant usage on schema audit, signoff to assurance_person;
grant select on
signoff.entry, signoff.evidence_check, signoff.rule, signoff.step, signoff.checked_evidence,
audit.schema_migration, audit.upgrade, audit.run, audit.build, audit.gate, audit.due_check, audit.expectation_result,
audit.latest_expectation_result, audit.table_fingerprint, audit.extraction, audit.batch, audit.not_taken, audit.approval,
audit.publication_move, audit.publication_spell, audit.recall, audit.upkeep, audit.retention_summary, audit.backup, audit.restore_drill,
audit.national_export
to assurance_person;
grant select (recall_id) on audit.recalled_record to assurance_person;
-- Who decides also sees which records the decision is about. The commands log that.
grant select on audit.failing_row to person_approver;
grant select on audit.retention_due, audit.retention_state, audit.retention_decision to person_reviewer;
set local role oic_publish;
grant usage on schema marts to assurance_person;
grant select on marts.publication to assurance_person;
reset role;
