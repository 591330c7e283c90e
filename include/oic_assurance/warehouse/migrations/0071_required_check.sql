-- When a required check counts as run is told here only. The publication and the screens read it from here.

create view audit.required_check as
select due.build_id, due.stage, concat_ws(': ', nullif(due.suite, ''), due.expectation) as check_name,
    -- Results older than the candidate are about tables that no longer exist. The landed tables exist before the candidate.
    exists (
        select
        from audit.expectation_result as result
        where result.build_id = due.build_id
            and result.stage = due.stage
            and result.expectation = due.expectation
            and due.suite in (result.suite, '')
            and (due.stage = 'landing' or result.checked_at >= build.candidate_since)
    ) as was_run
from audit.due_check as due
inner join audit.build as build using (build_id);
comment on view audit.required_check is
'One row per check that a build must pass before its publication, and whether it has a result for the tables as they are now.';
grant select on audit.required_check to oic_publish, assurance_person;

-- An earlier text of the migration 0070 left this out.
grant select on audit.publication_waiting, audit.hold to assurance_person;
